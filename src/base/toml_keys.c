#include "base/toml_keys.h"

#include "base/limits.h"

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* How often the character at `at` stands there in a row, `most` at most. */
static size_t run_length(struct str text, size_t at, size_t most)
{
    size_t len = 0;
    while (len < most && at + len < text.len && text.ptr[at + len] == text.ptr[at])
        len++;
    return len;
}

/* Where the string that begins at `at` has ended. */
static size_t skip_string(struct str text, size_t at)
{
    enum { MOST_CLOSING = 5 }; /* of a multi-line string: two quotes may stand before its end */
    char quote = text.ptr[at];
    size_t opening = run_length(text, at, 3);
    if (opening == 2)
        return at + 2; /* empty */
    for (at += opening; at < text.len; at++) {
        char c = text.ptr[at];
        if (c == '\n' && opening == 1)
            break; /* a fault */
        if (c == '\\' && quote == '"')
            at++;
        else if (c == quote && run_length(text, at, opening) == opening)
            return at + (opening == 3 ? run_length(text, at, MOST_CLOSING) : 1);
    }
    return at < text.len ? at : text.len;
}

static size_t skip_comment(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n')
        at++;
    return at;
}

static bool may_be_between_dots(char c)
{
    return (c >= '0' && c <= '9') || (unsigned)((c | 0x20) - 'a') < 26 || c == '_' || c == '-' ||
           c == ' ' || c == '\t';
}

bool toml_keys_are_short(struct str text, size_t *ret_at)
{
    size_t parts = 1;
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (is_quote(c)) {
            at = skip_string(text, at);
            continue;
        }
        if (c == '#') {
            at = skip_comment(text, at);
            continue;
        }
        at++;
        if (c != '.') {
            parts = may_be_between_dots(c) ? parts : 1;
        } else if (++parts > LIMIT_TOML_KEY_PARTS) {
            *ret_at = at;
            return false;
        }
    }
    return true;
}
