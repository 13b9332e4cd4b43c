/*
 * Liquid text into pieces, and what stands inside of a piece into words.
 */
#include <ctype.h>
#include <errno.h>

#include "base/limits.h"
#include "template/liquid_int.h"

int liquid_fail(const struct liquid_source *source, size_t offset, enum error_kind kind,
    struct error *err, const char *fmt, ...)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset && i < source->text.len; i++) {
        column++;
        if (source->text.ptr[i] == '\n') {
            line++;
            column = 1;
        }
    }
    struct buf message CLEANUP(buf_release) = BUF_INIT(LIMIT_MESSAGE_BYTES);
    va_list args;
    va_start(args, fmt);
    buf_vprintf(&message, fmt, args);
    va_end(args);
    return error_set(err, kind, "%s:%zu:%zu: %s", source->name, line, column, buf_cstr(&message));
}

/* -------------------------------------------------------------------------------------- pieces */

static bool is_at(struct str text, size_t pos, const char *mark)
{
    return str_starts_with(str_skip(text, pos), str_of(mark));
}

/* The next "{{" or "{%"; the length of the text if there is none. */
static size_t find_opening(struct str text, size_t from)
{
    for (size_t i = from; i + 1 < text.len; i++)
        if (text.ptr[i] == '{' && (text.ptr[i + 1] == '{' || text.ptr[i + 1] == '%'))
            return i;
    return text.len;
}

/* The next closing mark outside of quotes; false if there is none. */
static bool find_closing(struct str text, size_t from, const char *mark, size_t *ret)
{
    char quote = 0;
    for (size_t i = from; i < text.len; i++) {
        char c = text.ptr[i];
        if (!quote && is_at(text, i, mark)) {
            *ret = i;
            return true;
        }
        if (quote && c == quote)
            quote = 0;
        else if (!quote && (c == '"' || c == '\''))
            quote = c;
    }
    return false;
}

static size_t skip_space(struct str text, size_t from)
{
    while (from < text.len && isspace((unsigned char)text.ptr[from]))
        from++;
    return from;
}

static struct str trim_end(struct str s)
{
    while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* From the opening mark at `pos` to behind the closing one. */
static int take_marked(struct liquid_lexer *l, struct liquid_piece *ret, struct error *err)
{
    struct str text = l->source->text;
    bool tag = text.ptr[l->pos + 1] == '%';
    size_t start = l->pos + 2, end;
    if (start < text.len && text.ptr[start] == '-')
        start++;
    if (!find_closing(text, start, tag ? "%}" : "}}", &end))
        return liquid_fail(l->source, l->pos, ERROR_INVALID, err, "'%s' is never closed by '%s'",
            tag ? "{%" : "{{", tag ? "%}" : "}}");
    l->pos = end + 2;
    l->trim = end > start && text.ptr[end - 1] == '-';
    *ret = (struct liquid_piece){
        .kind = tag ? PIECE_TAG : PIECE_OUTPUT,
        .inside = str_make(text.ptr + start, end - start - l->trim),
        .offset = start,
    };
    return 0;
}

int liquid_next_piece(struct liquid_lexer *l, struct liquid_piece *ret, struct error *err)
{
    struct str text = l->source->text;
    size_t start = l->trim ? skip_space(text, l->pos) : l->pos;
    size_t opening = find_opening(text, start);
    struct str before = str_make(text.ptr + start, opening - start);
    if (opening + 2 < text.len && text.ptr[opening + 2] == '-')
        before = trim_end(before);
    l->pos = opening;
    l->trim = false;
    if (before.len) {
        *ret = (struct liquid_piece){.kind = PIECE_TEXT, .inside = before, .offset = start};
        return 0;
    }
    if (opening == text.len) {
        *ret = (struct liquid_piece){.kind = PIECE_END, .inside = STR_EMPTY, .offset = opening};
        return 0;
    }
    return take_marked(l, ret, err);
}

int liquid_skip_to_tag(
    struct liquid_lexer *l, const char *end, struct str *ret_text, struct error *err)
{
    struct str text = l->source->text;
    size_t start = l->trim ? skip_space(text, l->pos) : l->pos, began = l->pos;
    for (size_t i = start; i + 1 < text.len; i++) {
        if (!is_at(text, i, "{%"))
            continue;
        size_t name = i + 2;
        bool trim_before = name < text.len && text.ptr[name] == '-';
        name = skip_space(text, name + trim_before);
        if (!is_at(text, name, end))
            continue;
        size_t closing = skip_space(text, name + strlen(end));
        bool trim_after = closing < text.len && text.ptr[closing] == '-';
        if (!is_at(text, closing + trim_after, "%}"))
            continue;
        *ret_text = str_make(text.ptr + start, i - start);
        if (trim_before)
            *ret_text = trim_end(*ret_text);
        l->pos = closing + trim_after + 2;
        l->trim = trim_after;
        return 0;
    }
    return liquid_fail(l->source, began, ERROR_INVALID, err, "there is no '%s' for this tag", end);
}

/* --------------------------------------------------------------------------------------- words */

static bool is_name_start(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static char char_at(const struct liquid_words *w, size_t pos)
{
    return pos < w->end ? w->source->text.ptr[pos] : '\0';
}

static void take_name(struct liquid_words *w)
{
    while (is_name_char(char_at(w, w->pos)))
        w->pos++;
    if (char_at(w, w->pos) == '?')
        w->pos++;
    w->word.kind = WORD_NAME;
}

static int take_string(struct liquid_words *w, struct error *err)
{
    char quote = char_at(w, w->pos++);
    size_t start = w->pos;
    while (w->pos < w->end && char_at(w, w->pos) != quote)
        w->pos++;
    if (w->pos == w->end)
        return liquid_fail(
            w->source, start - 1, ERROR_INVALID, err, "the string has no closing quote");
    w->word.kind = WORD_STRING;
    w->word.text = str_make(w->source->text.ptr + start, w->pos - start);
    w->pos++;
    return 0;
}

/* 12, -3, 1.5; the dots of a range are not part of a number. */
static int take_number(struct liquid_words *w, struct error *err)
{
    char digits[40];
    size_t start = w->pos++;
    bool fraction = false;
    for (;
        isdigit((unsigned char)char_at(w, w->pos)) ||
        (!fraction && char_at(w, w->pos) == '.' && isdigit((unsigned char)char_at(w, w->pos + 1)));
        w->pos++)
        fraction = fraction || char_at(w, w->pos) == '.';
    if (w->pos - start >= sizeof digits)
        return liquid_fail(w->source, start, ERROR_INVALID, err, "the number is too long");
    memcpy(digits, w->source->text.ptr + start, w->pos - start);
    digits[w->pos - start] = '\0';
    w->word.kind = fraction ? WORD_NUMBER : WORD_INTEGER;
    errno = 0;
    if (fraction)
        w->word.number = strtod(digits, NULL);
    else
        w->word.integer = strtoll(digits, NULL, 10);
    if (errno == ERANGE)
        return liquid_fail(w->source, start, ERROR_INVALID, err, "the number is too large");
    return 0;
}

static int take_symbol(struct liquid_words *w, struct error *err)
{
    static const char *const symbols[] = {
        "..", "==", "!=", "<>", "<=", ">=", "<", ">", "=", "|", ":", ",", ".", "[", "]", "(", ")"};
    struct str rest = str_make(w->source->text.ptr + w->pos, w->end - w->pos);
    for (size_t i = 0; i < countof(symbols); i++)
        if (str_starts_with(rest, str_of(symbols[i]))) {
            w->word.kind = WORD_SYMBOL;
            w->pos += strlen(symbols[i]);
            return 0;
        }
    return liquid_fail(
        w->source, w->pos, ERROR_INVALID, err, "unexpected character '%c'", rest.ptr[0]);
}

int liquid_words_next(struct liquid_words *w, struct error *err)
{
    while (isspace((unsigned char)char_at(w, w->pos)))
        w->pos++;
    size_t start = w->pos;
    char c = char_at(w, start), after = char_at(w, start + 1);
    int result = 0;
    w->word = (struct liquid_word){.kind = WORD_END, .text = STR_EMPTY, .offset = start};
    if (start >= w->end)
        return 0;
    if (is_name_start(c))
        take_name(w);
    else if (c == '"' || c == '\'')
        return take_string(w, err);
    else if (isdigit((unsigned char)c) || (c == '-' && isdigit((unsigned char)after)))
        result = take_number(w, err);
    else
        result = take_symbol(w, err);
    w->word.text = str_make(w->source->text.ptr + start, w->pos - start);
    return result;
}

int liquid_words_start(struct liquid_words *w, const struct liquid_source *source,
    const struct liquid_piece *piece, struct error *err)
{
    *w = (struct liquid_words){
        .source = source, .pos = piece->offset, .end = piece->offset + piece->inside.len};
    return liquid_words_next(w, err);
}

bool liquid_word_is(const struct liquid_words *w, const char *symbol_or_name)
{
    return (w->word.kind == WORD_SYMBOL || w->word.kind == WORD_NAME) &&
           str_is(w->word.text, symbol_or_name);
}
