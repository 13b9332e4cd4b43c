#include "template/merge.h"

#include "base/limits.h"
#include "base/toml.h"

static struct str trim_end(struct str s)
{
    while (s.len && strchr(" \t\r\n", s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* Where line `number` (from 1) begins; the length of the text if it has fewer. */
static size_t line_start(struct str text, uint32_t number)
{
    size_t at = 0;
    while (--number > 0 && at < text.len) {
        ptrdiff_t feed = str_find_byte(str_skip(text, at), '\n');
        at = feed < 0 ? text.len : at + (size_t)feed + 1;
    }
    return at;
}

static bool parses(struct str text)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(SIZE_MAX / 2);
    struct error err CLEANUP(error_release) = ERROR_INIT;
    struct toml_document doc;
    return toml_parse(&a, "", text, &doc, &err) == 0;
}

/*
 * Where the entry that begins on a line ends: behind the first line at which the text so far is a
 * whole document. A value may go over several lines.
 */
static size_t entry_end(struct str text, uint32_t line)
{
    for (;; line++) {
        size_t end = line_start(text, line + 1);
        if (end >= text.len || parses(str_make(text.ptr, end)))
            return end;
    }
}

void merge_append(struct str manifest, struct str snippet, struct buf *out)
{
    buf_append_str(out, trim_end(manifest));
    buf_append_cstr(out, "\n\n");
    buf_append_str(out, snippet);
}

/* The snippet's entries that `variables` (or NULL) does not have, as they are written. */
static void append_missing(
    const struct toml_document *snippet, const struct toml_node *variables, struct buf *out)
{
    for (size_t i = 0; i < snippet->root->count; i++) {
        const struct toml_entry *entry = &snippet->root->entries[i];
        if (variables && toml_get_entry(variables, entry->key))
            continue;
        size_t start = line_start(snippet->text, entry->line);
        size_t end = entry_end(snippet->text, entry->line);
        buf_append_str(out, trim_end(str_make(snippet->text.ptr + start, end - start)));
        buf_append_byte(out, '\n');
    }
}

/* The line "[variables]" that begins the table; 0 if it is written in another way. */
static uint32_t header_line(const struct toml_document *doc, const struct toml_node *variables)
{
    size_t start = line_start(doc->text, variables->line);
    struct str line =
        str_make(doc->text.ptr + start, line_start(doc->text, variables->line + 1) - start);
    line = str_trim(line);
    if (!str_starts_with(line, STR("[")))
        return 0;
    line = str_trim(str_skip(line, 1));
    if (!str_starts_with(line, STR("variables")))
        return 0;
    return str_starts_with(str_trim(str_skip(line, 9)), STR("]")) ? variables->line : 0;
}

/* Behind the last entry that is written below the header itself. */
static size_t table_end(
    const struct toml_document *doc, const struct toml_node *variables, uint32_t header)
{
    uint32_t last = header;
    for (size_t i = 0; i < variables->count; i++) {
        const struct toml_entry *entry = &variables->entries[i];
        size_t start = line_start(doc->text, entry->line);
        bool has_header = str_starts_with(str_trim(str_skip(doc->text, start)), STR("["));
        if (!has_header && entry->line > last)
            last = entry->line;
    }
    return entry_end(doc->text, last);
}

int merge_variables(const char *name, struct str manifest, const char *snippet_name,
    struct str snippet, struct buf *out, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(SIZE_MAX / 2);
    struct buf added CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    struct toml_document doc, merging;
    if (toml_parse(&a, name, manifest, &doc, err) < 0 ||
        toml_parse(&a, snippet_name, snippet, &merging, err) < 0)
        return -1;
    const struct toml_node *variables = toml_get(doc.root, STR("variables"));
    uint32_t header = variables ? header_line(&doc, variables) : 0;
    append_missing(&merging, variables, &added);
    if (!added.len) {
        buf_append_str(out, manifest);
        return 0;
    }
    if (!header) {
        merge_append(manifest, STR("[variables]\n"), out);
        buf_append_str(out, buf_str(&added));
        return 0;
    }
    size_t end = table_end(&doc, variables, header);
    buf_append(out, manifest.ptr, end);
    if (end && manifest.ptr[end - 1] != '\n')
        buf_append_byte(out, '\n');
    buf_append_str(out, buf_str(&added));
    buf_append_str(out, str_skip(manifest, end));
    return 0;
}
