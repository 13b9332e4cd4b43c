#include "spec.h"

#include "base/str.h"

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

static uint64_t number_of(const char *text)
{
    return *text == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

/* A host's reference is its number plus one, so that 0 is not null. */
static void *host_reference(const char *text)
{
    return (void *)(uintptr_t)(number_of(text) + 1);
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

bool value_parse(const json_t *json, union wasm_value *ret_value)
{
    static const char *const numbers[] = {"i32", "i64", "f32", "f64"};
    const char *type = text_of(json, "type"), *value = text_of(json, "value");
    ret_value->i64 = 0;
    if (is_one_of(type, numbers, countof(numbers)))
        ret_value->i64 = number_of(value);
    else if (strcmp(type, "externref") == 0 && strcmp(value, "null") != 0)
        ret_value->ref = host_reference(value);
    else if (strcmp(type, "externref") != 0 && strcmp(type, "funcref") != 0)
        return false;
    return true;
}

static bool f32_matches(const char *pattern, uint32_t bits)
{
    if (strcmp(pattern, "nan:canonical") == 0)
        return (bits & 0x7fffffff) == 0x7fc00000;
    if (strcmp(pattern, "nan:arithmetic") == 0)
        return (bits & 0x7fc00000) == 0x7fc00000;
    return bits == (uint32_t)number_of(pattern);
}

static bool f64_matches(const char *pattern, uint64_t bits)
{
    if (strcmp(pattern, "nan:canonical") == 0)
        return (bits & 0x7fffffffffffffff) == 0x7ff8000000000000;
    if (strcmp(pattern, "nan:arithmetic") == 0)
        return (bits & 0x7ff8000000000000) == 0x7ff8000000000000;
    return bits == number_of(pattern);
}

/* Without a value any reference but null matches. */
static bool reference_matches(const json_t *json, const void *ref)
{
    const char *value = text_of(json, "value");
    if (!json_object_get(json, "value"))
        return ref != NULL;
    return strcmp(value, "null") == 0 ? ref == NULL : ref == host_reference(value);
}

bool value_matches(const json_t *json, uint8_t type, union wasm_value value)
{
    const char *wanted = text_of(json, "type"), *pattern = text_of(json, "value");
    switch ((enum wasm_type)type) {
    case WASM_I32:
        return strcmp(wanted, "i32") == 0 && value.i32 == (uint32_t)number_of(pattern);
    case WASM_I64:
        return strcmp(wanted, "i64") == 0 && value.i64 == number_of(pattern);
    case WASM_F32:
        return strcmp(wanted, "f32") == 0 && f32_matches(pattern, value.f32);
    case WASM_F64:
        return strcmp(wanted, "f64") == 0 && f64_matches(pattern, value.f64);
    case WASM_FUNCREF:
    case WASM_EXTERNREF:
        if (strcmp(wanted, "refnull") == 0)
            return value.ref == NULL;
        return strcmp(wanted, wasm_type_name(type)) == 0 && reference_matches(json, value.ref);
    }
    return false;
}
