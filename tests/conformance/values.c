#include "values.h"

#include "base/utf8.h"

static const json_t *payload_of(const json_t *json)
{
    return json_object_get(json, "value");
}

static uint32_t label_index(const struct wit_type *type, const char *label)
{
    for (uint32_t i = 0; i < type->count; i++)
        if (str_is(type->fields[i].name, label))
            return i;
    BUG("no label '%s'", label);
}

/* Which case, and its value's JSON (NULL: none). */
static uint32_t case_of(const struct wit_type *type, const json_t *json, const json_t **ret_payload)
{
    const json_t *value = payload_of(json);
    *ret_payload = NULL;
    switch (type->kind) {
    case WIT_ENUM:
        return label_index(type, json_string_value(value));
    case WIT_OPTION:
        *ret_payload = json_is_null(value) ? NULL : value;
        return *ret_payload ? 1 : 0;
    case WIT_RESULT: {
        const json_t *ok = json_object_get(value, "Ok");
        const json_t *payload = ok ? ok : json_object_get(value, "Err");
        *ret_payload = json_is_null(payload) ? NULL : payload;
        return ok ? 0 : 1;
    }
    default:
        *ret_payload = json_object_get(value, "payload");
        if (json_is_null(*ret_payload))
            *ret_payload = NULL;
        return label_index(type, json_string_value(json_object_get(value, "case")));
    }
}

static uint64_t scalar(const struct wit_type *type, const json_t *json)
{
    const json_t *value = payload_of(json);
    size_t pos = 0;
    if (type->kind == WIT_BOOL)
        return json_is_true(value);
    const char *text = json_string_value(value);
    BUG_IF(!text);
    if (type->kind == WIT_CHAR)
        return (uint64_t)utf8_next(str_of(text), &pos);
    return text[0] == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static const json_t *element_json(const struct wit_type *type, const json_t *list, uint32_t i)
{
    const json_t *item = json_array_get(list, i);
    return type->kind == WIT_RECORD ? json_array_get(item, 1) : item;
}

static void list_from_json(
    struct arena *a, const struct wit_type *element, const json_t *list, struct canon_value *ret)
{
    uint32_t count = (uint32_t)json_array_size(list);
    struct canon_value *items = arena_alloc(a, (count + 1) * sizeof(*items));
    uint8_t *raw = arena_alloc(a, (size_t)count * 8 + 1);
    for (uint32_t i = 0; i < count; i++) {
        value_from_json(a, element, json_array_get(list, i), &items[i]);
        if (canon_is_raw(element))
            memcpy(raw + (size_t)i * element->size, &items[i].bits, element->size);
    }
    ret->list.count = count;
    if (canon_is_raw(element))
        ret->list.raw = raw;
    else
        ret->list.items = items;
}

void value_from_json(
    struct arena *a, const struct wit_type *type, const json_t *json, struct canon_value *ret)
{
    const json_t *payload, *value = payload_of(json);
    switch (type->kind) {
    case WIT_STRING:
        ret->string = (struct canon_string){.bytes = (const uint8_t *)json_string_value(value),
            .units = (uint32_t)json_string_length(value),
            .form = CANON_FORM_UTF8};
        return;
    case WIT_LIST:
        list_from_json(a, type->element, value, ret);
        return;
    case WIT_RECORD:
    case WIT_TUPLE:
        ret->fields = arena_alloc(a, type->count * sizeof(*ret->fields));
        for (uint32_t i = 0; i < type->count; i++)
            value_from_json(a, type->fields[i].type, element_json(type, value, i), &ret->fields[i]);
        return;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        ret->variant.index = case_of(type, json, &payload);
        ret->variant.payload = NULL;
        if (payload) {
            ret->variant.payload = arena_new(a, struct canon_value);
            value_from_json(
                a, wit_case_type(type, ret->variant.index), payload, ret->variant.payload);
        }
        return;
    case WIT_FLAGS:
        ret->bits = 0;
        for (size_t i = 0; i < json_array_size(value); i++)
            ret->bits |= 1ull << label_index(type, json_string_value(json_array_get(value, i)));
        return;
    default:
        ret->bits = scalar(type, json);
    }
}

/* Through UTF-8, whatever form it was lifted in. */
static bool string_is(const struct canon_string *string, const json_t *expected)
{
    struct str want = str_make(json_string_value(expected), json_string_length(expected));
    size_t pos = 0, at = 0;
    size_t size = (size_t)string->units * (string->form == CANON_FORM_UTF16 ? 2 : 1);
    if (string->form == CANON_FORM_UTF8)
        return str_equal(str_make(string->bytes, size), want);
    while (at < size) {
        uint32_t c = string->bytes[at++];
        if (string->form == CANON_FORM_UTF16) {
            c |= (uint32_t)string->bytes[at++] << 8;
            if (c >= 0xd800 && c <= 0xdbff) {
                uint32_t low = string->bytes[at] | (uint32_t)string->bytes[at + 1] << 8;
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                at += 2;
            }
        }
        if (pos >= want.len || utf8_next(want, &pos) != (int32_t)c)
            return false;
    }
    return pos == want.len;
}

static bool list_is(
    const struct wit_type *element, const struct canon_value *value, const json_t *expected)
{
    if (value->list.count != json_array_size(expected))
        return false;
    for (uint32_t i = 0; i < value->list.count; i++) {
        struct canon_value item = {0};
        if (canon_is_raw(element))
            memcpy(&item.bits, value->list.raw + (size_t)i * element->size, element->size);
        else
            item = value->list.items[i];
        if (!value_is(element, &item, json_array_get(expected, i)))
            return false;
    }
    return true;
}

bool value_is(const struct wit_type *type, const struct canon_value *value, const json_t *expected)
{
    const json_t *payload;
    uint32_t bits = type->size * 8;
    switch (type->kind) {
    case WIT_STRING:
        return string_is(&value->string, payload_of(expected));
    case WIT_LIST:
        return list_is(type->element, value, payload_of(expected));
    case WIT_RECORD:
    case WIT_TUPLE:
        for (uint32_t i = 0; i < type->count; i++)
            if (!value_is(type->fields[i].type, &value->fields[i],
                    element_json(type, payload_of(expected), i)))
                return false;
        return true;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        if (value->variant.index != case_of(type, expected, &payload))
            return false;
        return !payload ||
               value_is(wit_case_type(type, value->variant.index), value->variant.payload, payload);
    case WIT_FLAGS: {
        struct canon_value want;
        value_from_json(NULL, type, expected, &want);
        return want.bits == value->bits;
    }
    default:
        /* Raw list elements are not sign-extended. */
        return (value->bits << (64 - bits)) == (scalar(type, expected) << (64 - bits));
    }
}
