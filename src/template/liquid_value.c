/*
 * Values of Liquid: truth, order, text.
 */
#include <math.h>

#include "base/limits.h"
#include "template/liquid_int.h"

bool liquid_truth(const struct liquid_value *v)
{
    return v->kind != LIQUID_NIL && !(v->kind == LIQUID_BOOL && !v->boolean);
}

static bool is_empty(const struct liquid_value *v)
{
    switch (v->kind) {
    case LIQUID_NIL:
    case LIQUID_EMPTY:
        return true;
    case LIQUID_STRING:
        return v->string.len == 0;
    case LIQUID_ARRAY:
    case LIQUID_OBJECT:
        return v->count == 0;
    default:
        return false;
    }
}

static bool is_numeric(const struct liquid_value *v)
{
    return v->kind == LIQUID_INTEGER || v->kind == LIQUID_NUMBER;
}

static double number_of(const struct liquid_value *v)
{
    return v->kind == LIQUID_INTEGER ? (double)v->integer : v->number;
}

bool liquid_compare(const struct liquid_value *a, const struct liquid_value *b, int *ret)
{
    if (a->kind == LIQUID_STRING && b->kind == LIQUID_STRING) {
        *ret = str_compare(a->string, b->string);
        return true;
    }
    if (a->kind == LIQUID_INTEGER && b->kind == LIQUID_INTEGER) {
        *ret = (a->integer > b->integer) - (a->integer < b->integer);
        return true;
    }
    if (!is_numeric(a) || !is_numeric(b))
        return false;
    double left = number_of(a), right = number_of(b);
    *ret = (left > right) - (left < right);
    return true;
}

bool liquid_equal(const struct liquid_value *a, const struct liquid_value *b)
{
    int order;
    if (a->kind == LIQUID_EMPTY || b->kind == LIQUID_EMPTY)
        return is_empty(a) && is_empty(b);
    if (liquid_compare(a, b, &order))
        return order == 0;
    if (a->kind != b->kind)
        return false;
    if (a->kind == LIQUID_BOOL)
        return a->boolean == b->boolean;
    if (a->kind != LIQUID_ARRAY)
        return a->kind == LIQUID_NIL;
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = liquid_equal(&a->items[i], &b->items[i]);
    return equal;
}

bool liquid_contains(const struct liquid_value *whole, const struct liquid_value *part)
{
    if (whole->kind == LIQUID_STRING && part->kind == LIQUID_STRING)
        return part->string.len == 0 ||
               (whole->string.len && memmem(whole->string.ptr, whole->string.len, part->string.ptr,
                                         part->string.len));
    for (size_t i = 0; whole->kind == LIQUID_ARRAY && i < whole->count; i++)
        if (liquid_equal(&whole->items[i], part))
            return true;
    return false;
}

void liquid_append(const struct liquid_value *v, struct buf *out)
{
    switch (v->kind) {
    case LIQUID_NIL:
    case LIQUID_EMPTY:
    case LIQUID_OBJECT:
        break;
    case LIQUID_BOOL:
        buf_append_cstr(out, v->boolean ? "true" : "false");
        break;
    case LIQUID_INTEGER:
        buf_printf(out, "%lld", (long long)v->integer);
        break;
    case LIQUID_NUMBER:
        buf_printf(out, floor(v->number) == v->number ? "%.1f" : "%.15g", v->number);
        break;
    case LIQUID_STRING:
        buf_append_str(out, v->string);
        break;
    case LIQUID_ARRAY:
        for (size_t i = 0; i < v->count; i++)
            liquid_append(&v->items[i], out);
        break;
    }
}

bool liquid_text(struct arena *a, const struct liquid_value *v, struct str *ret)
{
    if (v->kind == LIQUID_STRING) {
        *ret = v->string;
        return true;
    }
    struct buf text CLEANUP(buf_release) = BUF_INIT(LIMIT_TEXT_FILE_BYTES);
    liquid_append(v, &text);
    char *copy = text.failed ? NULL : arena_try_alloc_raw(a, text.len + 1);
    if (!copy)
        return false;
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *ret = str_make(copy, text.len);
    return true;
}

bool liquid_to_number(const struct liquid_value *v, struct liquid_value *ret)
{
    if (is_numeric(v)) {
        *ret = *v;
        return true;
    }
    char digits[40], *end;
    if (v->kind != LIQUID_STRING || v->string.len == 0 || v->string.len >= sizeof digits)
        return false;
    memcpy(digits, v->string.ptr, v->string.len);
    digits[v->string.len] = '\0';
    *ret = liquid_integer(strtoll(digits, &end, 10));
    if (!*end)
        return true;
    *ret = (struct liquid_value){.kind = LIQUID_NUMBER, .number = strtod(digits, &end)};
    return !*end && isfinite(ret->number);
}
