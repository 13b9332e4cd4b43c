#include "base/toml.h"

#include "base/limits.h"
#include "base/toml_keys.h"

/* While a document is read, nodes keep their children in growing arrays. */
struct building {
    struct toml_node node; /* first member */
    size_t capacity;
};

struct builder {
    struct arena *arena;
    struct toml_node *root;
};

static struct toml_entry *add_entry(struct builder *b, struct building *parent)
{
    struct toml_node *node = &parent->node;
    if (node->count == parent->capacity) {
        size_t larger = parent->capacity ? parent->capacity * 2 : 4;
        struct toml_entry *entries = arena_alloc(b->arena, larger * sizeof *entries);
        if (node->count)
            memcpy(entries, node->entries, node->count * sizeof *entries);
        node->entries = entries;
        parent->capacity = larger;
    }
    return &node->entries[node->count++];
}

static void *see(void *data, void *parent, const struct toml_seen *value)
{
    struct builder *b = data;
    struct building *made = arena_new(b->arena, struct building);
    made->node = (struct toml_node){
        .kind = value->kind,
        .line = value->line,
        .column = value->column,
        .integer = value->integer,
        .number = value->number,
    };
    if (value->kind == TOML_STRING)
        made->node.string = arena_copy(b->arena, str_make(value->text, value->text_len));
    if (!parent) {
        b->root = &made->node;
        return made;
    }
    struct toml_entry *entry = add_entry(b, parent);
    entry->value = &made->node;
    if (value->key) {
        entry->key = arena_copy(b->arena, str_make(value->key, value->key_len));
        entry->line = value->key_line;
        entry->column = value->key_column;
    }
    return made;
}

static int compare_places(const void *left, const void *right)
{
    const struct toml_entry *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

/* The parser's tables are ordered by key; ours by place. */
static void sort_tables(struct toml_node *node)
{
    if (node->kind == TOML_TABLE && node->count)
        qsort(node->entries, node->count, sizeof *node->entries, compare_places);
    for (size_t i = 0; i < node->count; i++)
        sort_tables(node->entries[i].value);
}

static int fail_long_key(const struct toml_document *doc, size_t at, struct error *err)
{
    struct str before = str_make(doc->text.ptr, at);
    uint32_t line = 1;
    for (ptrdiff_t feed; (feed = str_find_byte(before, '\n')) >= 0; line++)
        before = str_skip(before, (size_t)feed + 1);
    return toml_fail(doc, line, (uint32_t)before.len + 1, 1, ERROR_LIMIT, err,
        "a key has more than %d parts", LIMIT_TOML_KEY_PARTS);
}

int toml_parse(struct arena *a, const char *name, struct str text, struct toml_document *ret,
    struct error *err)
{
    struct builder b = {.arena = a};
    struct toml_problem problem;
    struct toml_document doc = {.name = name, .text = text, .arena = a};
    size_t at;
    if (!toml_keys_are_short(text, &at))
        return fail_long_key(&doc, at, err);
    if (toml_bridge_parse(text.ptr, text.len, see, &b, &problem) < 0)
        return toml_fail(&doc, problem.line, problem.column, 1, ERROR_INVALID, err,
            "TOML parse error: %s", problem.message);
    sort_tables(b.root);
    doc.root = b.root;
    *ret = doc;
    return 0;
}

const struct toml_entry *toml_get_entry(const struct toml_node *table, struct str key)
{
    for (size_t i = 0; table->kind == TOML_TABLE && i < table->count; i++)
        if (str_equal(table->entries[i].key, key))
            return &table->entries[i];
    return NULL;
}

const struct toml_node *toml_get(const struct toml_node *table, struct str key)
{
    const struct toml_entry *entry = toml_get_entry(table, key);
    return entry ? entry->value : NULL;
}

const char *toml_kind_name(enum toml_kind kind)
{
    static const char *const names[] = {
        [TOML_STRING] = "a string",
        [TOML_INTEGER] = "an integer",
        [TOML_FLOAT] = "a floating point number",
        [TOML_BOOLEAN] = "a boolean",
        [TOML_DATE] = "a date or time",
        [TOML_ARRAY] = "an array",
        [TOML_TABLE] = "a table",
    };
    return names[kind];
}

static struct str line_of(struct str text, uint32_t line)
{
    while (line > 1) {
        ptrdiff_t feed = str_find_byte(text, '\n');
        if (feed < 0)
            return STR_EMPTY;
        text = str_skip(text, (size_t)feed + 1);
        line--;
    }
    ptrdiff_t feed = str_find_byte(text, '\n');
    if (feed >= 0)
        text.len = (size_t)feed;
    if (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    return text;
}

/* The line and marks under the place, as compilers show it. */
static void append_excerpt(
    struct buf *out, const struct toml_document *doc, uint32_t line, uint32_t column, size_t len)
{
    struct str text = line_of(doc->text, line);
    int width = snprintf(NULL, 0, "%u", line);
    buf_printf(out, "\n%*s |\n%u |%s%" STR_FMT "\n%*s | ", width, "", line, text.len ? " " : "",
        STR_ARG(text), width, "");
    for (uint32_t i = 1; i < column; i++)
        buf_append_byte(out, i <= text.len && text.ptr[i - 1] == '\t' ? '\t' : ' ');
    size_t left = column <= text.len ? text.len - column + 1 : 1;
    for (size_t i = 0; i < (len < left ? len : left); i++)
        buf_append_byte(out, '^');
}

int toml_fail(const struct toml_document *doc, uint32_t line, uint32_t column, size_t len,
    enum error_kind kind, struct error *err, const char *fmt, ...)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_printf(&text, "%s:%u:%u: ", doc->name, line, column);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    append_excerpt(&text, doc, line, column, len);
    error_set(err, kind, "%s", buf_cstr(&text));
    buf_release(&text);
    return -1;
}
