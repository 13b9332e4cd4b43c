/*
 * The filters: Liquid's own as far as templates use them, and Spin's.
 */
#include <ctype.h>
#include <limits.h>
#include <math.h>

#include "base/limits.h"
#include "template/liquid_int.h"
#include "template/words.h"

const char LIQUID_FULL[] = "the values are too large";
static const char not_a_number[] = "needs numbers";
static const char not_a_list[] = "needs a list";
static const char too_large[] = "has a result that is too large";

/* What every filter is given: see liquid_int.h. */
#define FILTER(name)                                                                         \
    static const char *name(struct arena *a UNUSED, const struct liquid_value *input UNUSED, \
        const struct liquid_value *arguments UNUSED, size_t count UNUSED,                    \
        struct liquid_value *ret)

/* The text of the buffer as the result; the buffer is released. */
static const char *finish(struct arena *a, struct buf *text, struct liquid_value *ret)
{
    char *copy = text->failed ? NULL : arena_try_alloc_raw(a, text->len + 1);
    if (copy) {
        if (text->len)
            memcpy(copy, text->data, text->len);
        copy[text->len] = '\0';
        *ret = liquid_string(str_make(copy, text->len));
    }
    buf_release(text);
    return copy ? NULL : LIQUID_FULL;
}

static const char *done(struct str text, struct liquid_value *ret)
{
    *ret = liquid_string(text);
    return NULL;
}

/* ---------------------------------------------------------------------------------------- cases */

static const char *in_words(struct arena *a, const struct liquid_value *input,
    void (*append)(struct str, struct buf *), struct liquid_value *ret)
{
    struct str text;
    struct buf out = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (!liquid_text(a, input, &text))
        return LIQUID_FULL;
    append(text, &out);
    return finish(a, &out, ret);
}

static void append_dotted_pascal(struct str text, struct buf *out)
{
    for (;;) {
        ptrdiff_t dot = str_find_byte(text, '.');
        words_append_pascal(dot < 0 ? text : str_make(text.ptr, (size_t)dot), out);
        if (dot < 0)
            return;
        buf_append_byte(out, '.');
        text = str_skip(text, (size_t)dot + 1);
    }
}

static void append_http_wildcard(struct str text, struct buf *out)
{
    buf_append_str(out, text);
    if (!str_ends_with(text, STR("/...")))
        buf_append_cstr(out, str_ends_with(text, STR("/")) ? "..." : "/...");
}

static void append_upper(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        buf_append_byte(out, (uint8_t)toupper((unsigned char)text.ptr[i]));
}

static void append_lower(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        buf_append_byte(out, (uint8_t)tolower((unsigned char)text.ptr[i]));
}

static void append_capitalized(struct str text, struct buf *out)
{
    append_upper(str_make(text.ptr, text.len ? 1 : 0), out);
    buf_append_str(out, str_skip(text, 1));
}

static void append_escaped(struct str text, struct buf *out)
{
    static const char *const entities[UCHAR_MAX + 1] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = entities[(unsigned char)text.ptr[i]];
        if (entity)
            buf_append_cstr(out, entity);
        else
            buf_append_byte(out, (uint8_t)text.ptr[i]);
    }
}

static void append_url_encoded(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c)))
            buf_append_byte(out, c);
        else if (c == ' ')
            buf_append_byte(out, '+');
        else
            buf_printf(out, "%%%02X", c);
    }
}

static void append_without_newlines(struct str text, struct buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\n' && text.ptr[i] != '\r')
            buf_append_byte(out, (uint8_t)text.ptr[i]);
}

#define TEXT_FILTER(name, append)               \
    FILTER(name)                                \
    {                                           \
        return in_words(a, input, append, ret); \
    }

TEXT_FILTER(kebab_case, words_append_kebab)
TEXT_FILTER(snake_case, words_append_snake)
TEXT_FILTER(pascal_case, words_append_pascal)
TEXT_FILTER(dotted_pascal_case, append_dotted_pascal)
TEXT_FILTER(http_wildcard, append_http_wildcard)
TEXT_FILTER(upcase, append_upper)
TEXT_FILTER(downcase, append_lower)
TEXT_FILTER(capitalize, append_capitalized)
TEXT_FILTER(escape, append_escaped)
TEXT_FILTER(url_encode, append_url_encoded)
TEXT_FILTER(strip_newlines, append_without_newlines)

/* ----------------------------------------------------------------------------------------- text */

/* The texts of the input and of the arguments. */
static bool texts_of(struct arena *a, const struct liquid_value *input,
    const struct liquid_value *arguments, size_t count, struct str texts[LIQUID_MAX_ARGUMENTS + 1])
{
    if (!liquid_text(a, input, &texts[0]))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!liquid_text(a, &arguments[i], &texts[i + 1]))
            return false;
    return true;
}

#define TEXTS                                         \
    struct str texts[LIQUID_MAX_ARGUMENTS + 1] = {0}; \
    if (!texts_of(a, input, arguments, count, texts)) \
    return LIQUID_FULL

static const char *join_two(
    struct arena *a, struct str first, struct str second, struct liquid_value *ret)
{
    struct buf out = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    buf_append_str(&out, first);
    buf_append_str(&out, second);
    return finish(a, &out, ret);
}

FILTER(append)
{
    TEXTS;
    return join_two(a, texts[0], texts[1], ret);
}

FILTER(prepend)
{
    TEXTS;
    return join_two(a, texts[1], texts[0], ret);
}

FILTER(strip)
{
    TEXTS;
    return done(str_trim(texts[0]), ret);
}

FILTER(lstrip)
{
    TEXTS;
    struct str trimmed = str_trim(texts[0]);
    size_t before = trimmed.len ? (size_t)(trimmed.ptr - texts[0].ptr) : texts[0].len;
    return done(str_skip(texts[0], before), ret);
}

FILTER(rstrip)
{
    TEXTS;
    struct str trimmed = str_trim(texts[0]);
    size_t end = trimmed.len ? (size_t)(trimmed.ptr - texts[0].ptr) + trimmed.len : 0;
    return done(str_make(texts[0].ptr, end), ret);
}

/* Replaces `what` at most `times` times. */
static const char *replaced(struct arena *a, struct str text, struct str what, struct str by,
    size_t times, struct liquid_value *ret)
{
    struct buf out = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    while (times-- && text.len && what.len) {
        const char *found = memmem(text.ptr, text.len, what.ptr, what.len);
        if (!found)
            break;
        buf_append(&out, text.ptr, (size_t)(found - text.ptr));
        buf_append_str(&out, by);
        text = str_skip(text, (size_t)(found - text.ptr) + what.len);
    }
    buf_append_str(&out, text);
    return finish(a, &out, ret);
}

FILTER(replace)
{
    TEXTS;
    return replaced(a, texts[0], texts[1], texts[2], SIZE_MAX, ret);
}

FILTER(replace_first)
{
    TEXTS;
    return replaced(a, texts[0], texts[1], texts[2], 1, ret);
}

FILTER(remove_all)
{
    TEXTS;
    return replaced(a, texts[0], texts[1], STR_EMPTY, SIZE_MAX, ret);
}

FILTER(remove_first)
{
    TEXTS;
    return replaced(a, texts[0], texts[1], STR_EMPTY, 1, ret);
}

/* Bytes of the first `n` characters. */
static size_t characters(struct str text, size_t n)
{
    size_t pos = 0;
    while (pos < text.len && n--)
        do
            pos++;
        while (pos < text.len && ((unsigned char)text.ptr[pos] & 0xc0) == 0x80);
    return pos;
}

static size_t count_characters(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

static bool integer_of(const struct liquid_value *v, int64_t *ret)
{
    struct liquid_value number;
    if (!liquid_to_number(v, &number) || number.kind != LIQUID_INTEGER)
        return false;
    *ret = number.integer;
    return true;
}

FILTER(truncate_text)
{
    TEXTS;
    int64_t length = 50;
    struct str mark = count > 1 ? texts[2] : STR("...");
    if (count && !integer_of(&arguments[0], &length))
        return not_a_number;
    size_t most = length < 0 ? 0 : (size_t)length, marks = count_characters(mark);
    if (count_characters(texts[0]) <= most)
        return done(texts[0], ret);
    size_t kept = characters(texts[0], most > marks ? most - marks : 0);
    return join_two(a, str_make(texts[0].ptr, kept), mark, ret);
}

FILTER(slice)
{
    TEXTS;
    int64_t from, length = 1, all = (int64_t)count_characters(texts[0]);
    if (!integer_of(&arguments[0], &from) || (count > 1 && !integer_of(&arguments[1], &length)))
        return not_a_number;
    if (from < 0)
        from = from < -all ? all : from + all;
    if (from > all || length < 0)
        return done(STR_EMPTY, ret);
    struct str rest = str_skip(texts[0], characters(texts[0], (size_t)from));
    return done(str_make(rest.ptr, characters(rest, (size_t)length)), ret);
}

FILTER(default_value)
{
    bool empty = !liquid_truth(input) || (input->kind == LIQUID_STRING && !input->string.len) ||
                 (input->kind == LIQUID_ARRAY && !input->count);
    *ret = empty ? arguments[0] : *input;
    return NULL;
}

/* --------------------------------------------------------------------------------------- numbers
 */

static bool as_double(const struct liquid_value *v, double *ret)
{
    struct liquid_value number;
    if (!liquid_to_number(v, &number))
        return false;
    *ret = number.kind == LIQUID_INTEGER ? (double)number.integer : number.number;
    return true;
}

static const char *calculate_integers(char op, int64_t a, int64_t b, int64_t *ret)
{
    bool overflow = false;
    if ((op == '/' || op == '%') && b == 0)
        return "divides by zero";
    if (op == '+')
        overflow = __builtin_add_overflow(a, b, ret);
    else if (op == '-')
        overflow = __builtin_sub_overflow(a, b, ret);
    else if (op == '*')
        overflow = __builtin_mul_overflow(a, b, ret);
    else if (b == -1 && op == '/') /* which may overflow */
        overflow = __builtin_sub_overflow((int64_t)0, a, ret);
    else if (b == -1)
        *ret = 0;
    else
        *ret = op == '/' ? a / b : a % b;
    return overflow ? too_large : NULL;
}

static double calculate_numbers(char op, double x, double y)
{
    switch (op) {
    case '+':
        return x + y;
    case '-':
        return x - y;
    case '*':
        return x * y;
    case '/':
        return x / y;
    default:
        return fmod(x, y);
    }
}

/* Integers stay integers; what overflows is refused. */
static const char *calculate(char op, const struct liquid_value *left,
    const struct liquid_value *right, struct liquid_value *ret)
{
    int64_t a, b, result;
    double x, y;
    if (integer_of(left, &a) && integer_of(right, &b)) {
        const char *problem = calculate_integers(op, a, b, &result);
        if (!problem)
            *ret = liquid_integer(result);
        return problem;
    }
    if (!as_double(left, &x) || !as_double(right, &y))
        return not_a_number;
    *ret = (struct liquid_value){.kind = LIQUID_NUMBER, .number = calculate_numbers(op, x, y)};
    return isfinite(ret->number) ? NULL : too_large;
}

#define NUMBER_FILTER(name, op)                          \
    FILTER(name)                                         \
    {                                                    \
        return calculate(op, input, &arguments[0], ret); \
    }

NUMBER_FILTER(plus, '+')
NUMBER_FILTER(minus, '-')
NUMBER_FILTER(times, '*')
NUMBER_FILTER(divided_by, '/')
NUMBER_FILTER(modulo, '%')

/* ----------------------------------------------------------------------------------------- lists
 */

FILTER(split)
{
    TEXTS;
    size_t parts = 0, at = 0;
    struct str separator = texts[1];
    if (!separator.len)
        return "needs a separator";
    for (struct str rest = texts[0];; parts++) {
        const char *found =
            rest.len ? memmem(rest.ptr, rest.len, separator.ptr, separator.len) : NULL;
        if (!found)
            break;
        rest = str_skip(rest, (size_t)(found - rest.ptr) + separator.len);
    }
    struct liquid_value *items = arena_try_array(a, parts + 1, struct liquid_value);
    if (!items)
        return LIQUID_FULL;
    for (struct str rest = texts[0]; at <= parts; at++) {
        const char *found =
            rest.len ? memmem(rest.ptr, rest.len, separator.ptr, separator.len) : NULL;
        size_t len = found ? (size_t)(found - rest.ptr) : rest.len;
        items[at] = liquid_string(str_make(rest.ptr, len));
        rest = str_skip(rest, len + separator.len);
    }
    *ret = (struct liquid_value){
        .kind = LIQUID_ARRAY, .count = texts[0].len ? parts + 1 : 0, .items = items};
    return NULL;
}

FILTER(join)
{
    struct str separator = STR(" ");
    struct buf out = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    if (input->kind != LIQUID_ARRAY)
        return not_a_list;
    if (count && !liquid_text(a, &arguments[0], &separator))
        return LIQUID_FULL;
    for (size_t i = 0; i < input->count; i++) {
        if (i)
            buf_append_str(&out, separator);
        liquid_append(&input->items[i], &out);
    }
    return finish(a, &out, ret);
}

static const char *item_at(const struct liquid_value *list, bool last, struct liquid_value *ret)
{
    if (list->kind != LIQUID_ARRAY)
        return not_a_list;
    *ret = list->count ? list->items[last ? list->count - 1 : 0]
                       : (struct liquid_value){.kind = LIQUID_NIL};
    return NULL;
}

FILTER(first)
{
    return item_at(input, false, ret);
}

FILTER(last)
{
    return item_at(input, true, ret);
}

FILTER(size)
{
    size_t n = input->kind == LIQUID_STRING  ? count_characters(input->string)
               : input->kind == LIQUID_ARRAY ? input->count
                                             : 0;
    *ret = liquid_integer((int64_t)n);
    return NULL;
}

/* A copy of the list that may be changed; NULL with *problem set if there is none. */
static struct liquid_value *copy_list(
    struct arena *a, const struct liquid_value *list, const char **problem)
{
    if (list->kind != LIQUID_ARRAY) {
        *problem = not_a_list;
        return NULL;
    }
    struct liquid_value *items = arena_try_array(a, list->count + 1, struct liquid_value);
    if (!items)
        *problem = LIQUID_FULL;
    else if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    return items;
}

static int compare_items(const void *left, const void *right)
{
    int order;
    return liquid_compare(left, right, &order) ? order : 0;
}

FILTER(sort)
{
    const char *problem = NULL;
    struct liquid_value *items = copy_list(a, input, &problem);
    if (!items)
        return problem;
    if (input->count)
        qsort(items, input->count, sizeof *items, compare_items);
    *ret = (struct liquid_value){.kind = LIQUID_ARRAY, .count = input->count, .items = items};
    return NULL;
}

FILTER(reverse)
{
    const char *problem = NULL;
    struct liquid_value *items = copy_list(a, input, &problem);
    if (!items)
        return problem;
    for (size_t i = 0; i < input->count; i++)
        items[i] = input->items[input->count - 1 - i];
    *ret = (struct liquid_value){.kind = LIQUID_ARRAY, .count = input->count, .items = items};
    return NULL;
}

/* --------------------------------------------------------------------------------------- table */

static const struct liquid_filter filters[] = {
    {"append", 1, 1, append},
    {"capitalize", 0, 0, capitalize},
    {"default", 1, 1, default_value},
    {"divided_by", 1, 1, divided_by},
    {"dotted_pascal_case", 0, 0, dotted_pascal_case},
    {"downcase", 0, 0, downcase},
    {"escape", 0, 0, escape},
    {"first", 0, 0, first},
    {"http_wildcard", 0, 0, http_wildcard},
    {"join", 0, 1, join},
    {"kebab_case", 0, 0, kebab_case},
    {"last", 0, 0, last},
    {"lstrip", 0, 0, lstrip},
    {"minus", 1, 1, minus},
    {"modulo", 1, 1, modulo},
    {"pascal_case", 0, 0, pascal_case},
    {"plus", 1, 1, plus},
    {"prepend", 1, 1, prepend},
    {"remove", 1, 1, remove_all},
    {"remove_first", 1, 1, remove_first},
    {"replace", 1, 2, replace},
    {"replace_first", 1, 2, replace_first},
    {"reverse", 0, 0, reverse},
    {"rstrip", 0, 0, rstrip},
    {"size", 0, 0, size},
    {"slice", 1, 2, slice},
    {"snake_case", 0, 0, snake_case},
    {"sort", 0, 0, sort},
    {"split", 1, 1, split},
    {"strip", 0, 0, strip},
    {"strip_newlines", 0, 0, strip_newlines},
    {"times", 1, 1, times},
    {"truncate", 0, 2, truncate_text},
    {"upcase", 0, 0, upcase},
    {"url_encode", 0, 0, url_encode},
};

const struct liquid_filter *liquid_find_filter(struct str name)
{
    for (size_t i = 0; i < countof(filters); i++)
        if (str_is(name, filters[i].name))
            return &filters[i];
    return NULL;
}
