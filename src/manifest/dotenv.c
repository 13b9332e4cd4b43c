#include "manifest/dotenv.h"

struct dotenv {
    struct arena *arena;
    const char *name;
    struct str rest; /* of the text */
    unsigned line;
    struct error *err;
};

static int fail(const struct dotenv *d, const char *message)
{
    return error_set(d->err, ERROR_INVALID, "%s:%u: %s", d->name, d->line, message);
}

static int peek(const struct dotenv *d)
{
    return d->rest.len ? (unsigned char)d->rest.ptr[0] : -1;
}

static void advance(struct dotenv *d)
{
    if (peek(d) == '\n')
        d->line++;
    d->rest = str_skip(d->rest, 1);
}

static void skip_blanks(struct dotenv *d)
{
    while (peek(d) == ' ' || peek(d) == '\t' || peek(d) == '\r')
        advance(d);
}

static void skip_line(struct dotenv *d)
{
    while (peek(d) >= 0 && peek(d) != '\n')
        advance(d);
}

static bool is_name_byte(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

static struct str take_name(struct dotenv *d)
{
    const char *begin = d->rest.ptr;
    while (is_name_byte(peek(d)))
        advance(d);
    return str_make(begin, (size_t)(d->rest.ptr - begin) * (d->rest.ptr > begin));
}

/* What stands between quotes; in double ones a backslash means the next character. */
static int take_quoted(struct dotenv *d, struct str *ret)
{
    int quote = peek(d);
    char *out = arena_alloc(d->arena, d->rest.len + 1);
    size_t len = 0;
    unsigned begin = d->line;
    for (advance(d); peek(d) != quote; advance(d)) {
        if (peek(d) == '\\' && quote == '"')
            advance(d);
        else if (peek(d) >= 0) {
            out[len++] = (char)peek(d);
            continue;
        }
        if (peek(d) < 0) {
            d->line = begin;
            return fail(d, "a quote is not closed");
        }
        out[len++] = (char)(peek(d) == 'n' ? '\n' : peek(d));
    }
    advance(d);
    *ret = str_make(out, len);
    return 0;
}

/* Without quotes a value ends with the line, or before a '#' that follows a blank. */
static struct str take_plain(struct dotenv *d)
{
    const char *begin = d->rest.ptr;
    size_t len = 0;
    for (; peek(d) >= 0 && peek(d) != '\n'; advance(d), len++)
        if (peek(d) == '#' && (len == 0 || begin[len - 1] == ' ' || begin[len - 1] == '\t'))
            break;
    return arena_copy(d->arena, str_trim(str_make(begin, len)));
}

static int take_line(struct dotenv *d, struct manifest_pair *pair)
{
    struct str name = take_name(d);
    skip_blanks(d);
    if (str_is(name, "export") && is_name_byte(peek(d))) {
        name = take_name(d);
        skip_blanks(d);
    }
    if (!name.len || peek(d) != '=')
        return fail(d, "a line must be of the form NAME=VALUE");
    advance(d);
    skip_blanks(d);
    pair->name = arena_copy(d->arena, name);
    pair->name_place = pair->place = (struct manifest_place){d->line, 1, 1};
    if (peek(d) != '"' && peek(d) != '\'') {
        pair->value = take_plain(d);
    } else {
        if (take_quoted(d, &pair->value) < 0)
            return -1;
        skip_blanks(d);
        if (peek(d) >= 0 && peek(d) != '\n' && peek(d) != '#')
            return fail(d, "nothing may follow a quoted value");
    }
    return 0;
}

int dotenv_parse(struct arena *a, const char *name, struct str text, struct manifest_pairs *ret,
    struct error *err)
{
    struct dotenv d = {.arena = a, .name = name, .rest = text, .line = 1, .err = err};
    struct manifest_pairs pairs = {0};
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    pairs.items = arena_alloc(a, lines * sizeof *pairs.items);
    for (; peek(&d) >= 0; advance(&d)) {
        skip_blanks(&d);
        if (is_name_byte(peek(&d)) || (peek(&d) >= 0 && peek(&d) != '#' && peek(&d) != '\n'))
            if (take_line(&d, &pairs.items[pairs.count++]) < 0)
                return -1;
        skip_line(&d);
    }
    *ret = pairs;
    return 0;
}
