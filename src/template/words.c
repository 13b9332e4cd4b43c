#include "template/words.h"

#include <ctype.h>

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The length of the word at the start of `rest`, which begins with one of its characters. */
static size_t word_length(struct str rest)
{
    size_t len = 1;
    bool lower = is_lower(rest.ptr[0]); /* of the last letter; digits keep it */
    for (; len < rest.len && is_word_char(rest.ptr[len]); len++) {
        char c = rest.ptr[len];
        if (lower && is_upper(c))
            break;
        if (is_upper(c) && is_upper(rest.ptr[len - 1]) && len + 1 < rest.len &&
            is_lower(rest.ptr[len + 1]))
            break;
        if (is_upper(c) || is_lower(c))
            lower = is_lower(c);
    }
    return len;
}

static void append_words(struct str name, char delimiter, bool capitals, struct buf *out)
{
    bool first = true;
    while (name.len) {
        if (!is_word_char(name.ptr[0])) {
            name = str_skip(name, 1);
            continue;
        }
        size_t len = word_length(name);
        if (!first && delimiter)
            buf_append_byte(out, (uint8_t)delimiter);
        for (size_t i = 0; i < len; i++) {
            int c = (unsigned char)name.ptr[i];
            if (c < 0x80)
                c = capitals && i == 0 ? toupper(c) : tolower(c);
            buf_append_byte(out, (uint8_t)c);
        }
        first = false;
        name = str_skip(name, len);
    }
}

void words_append_kebab(struct str name, struct buf *out)
{
    append_words(name, '-', false, out);
}

void words_append_snake(struct str name, struct buf *out)
{
    append_words(name, '_', false, out);
}

void words_append_pascal(struct str name, struct buf *out)
{
    append_words(name, 0, true, out);
}
