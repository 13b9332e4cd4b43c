#include "template/template.h"

static bool is_word_char(char c)
{
    return (c >= '0' && c <= '9') || (unsigned)((c | 0x20) - 'a') < 26;
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

/* Words of the value, joined by the delimiter (0: none), lower case or with capitals. */
static void append_words(struct str value, char delimiter, bool capitals, struct buf *out)
{
    bool begins = true, any = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (!is_word_char(c)) {
            begins = true;
            continue;
        }
        if (begins && any && delimiter)
            buf_append_byte(out, (uint8_t)delimiter);
        buf_append_byte(out, (uint8_t)(begins && capitals ? to_upper(c) : to_lower(c)));
        begins = false;
        any = true;
    }
}

static void append_escaped(struct str value, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\u%04x", c);
        else
            buf_append_byte(out, c);
    }
}

static int append_filtered(struct str value, struct str filter, struct buf *out, struct error *err)
{
    if (str_is(filter, "kebab_case"))
        append_words(value, '-', false, out);
    else if (str_is(filter, "snake_case"))
        append_words(value, '_', false, out);
    else if (str_is(filter, "pascal_case"))
        append_words(value, 0, true, out);
    else
        return error_set(
            err, ERROR_INVALID, "unknown filter '%" STR_FMT "' in a template", STR_ARG(filter));
    return 0;
}

static const struct template_value *find_value(
    const struct template_value *values, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(values[i].name, name))
            return &values[i];
    return NULL;
}

/* What stands between {{ and }}. */
static int render_expression(struct str expression, const struct template_value *values,
    size_t count, bool toml_escape, struct buf *out, struct error *err)
{
    ptrdiff_t bar = str_find_byte(expression, '|');
    struct str name = str_trim(str_make(expression.ptr, bar < 0 ? expression.len : (size_t)bar));
    const struct template_value *value = find_value(values, count, name);
    if (!value)
        return error_set(
            err, ERROR_INVALID, "no value for '%" STR_FMT "' in a template", STR_ARG(name));
    if (bar >= 0)
        return append_filtered(
            value->value, str_trim(str_skip(expression, (size_t)bar + 1)), out, err);
    if (toml_escape)
        append_escaped(value->value, out);
    else
        buf_append_str(out, value->value);
    return 0;
}

int template_render(struct str text, const struct template_value *values, size_t count,
    bool toml_escape, struct buf *out, struct error *err)
{
    while (text.len) {
        const char *open = memmem(text.ptr, text.len, "{{", 2);
        if (!open)
            break;
        size_t before = (size_t)(open - text.ptr);
        const char *close = memmem(open, text.len - before, "}}", 2);
        if (!close)
            break;
        buf_append(out, text.ptr, before);
        struct str expression = str_make(open + 2, (size_t)(close - open - 2));
        if (render_expression(expression, values, count, toml_escape, out, err) < 0)
            return -1;
        text = str_skip(text, (size_t)(close + 2 - text.ptr));
    }
    buf_append_str(out, text);
    return out->failed ? error_set(err, ERROR_LIMIT, "a rendered template is too large") : 0;
}
