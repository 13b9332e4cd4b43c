/*
 * The canonical ABI against vectors that were computed with the specification's executable
 * definition (their format: README.md of the suites). Skipped where the suites are absent.
 */
#include "../unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "component/canon.h"

#include <jansson.h>
#include <inttypes.h>

enum { MEMORY_MAX = 1 << 20 };

struct world {
    struct canon_context cx;
    struct wasm_memory memory;
    struct wasm_trap trap;
    struct arena arena;
    uint32_t next; /* of the allocator */
    uint8_t *bytes;
};

/* The allocator that the vectors were made with. */
static enum wasm_trap_kind bump_realloc(struct canon_context *cx, uint32_t old, uint32_t old_size,
    uint32_t align, uint32_t new_size, uint32_t *ret_ptr)
{
    struct world *w = (struct world *)cx;
    if (old && new_size <= old_size) {
        *ret_ptr = old;
        return WASM_TRAP_NONE;
    }
    uint32_t ptr = (uint32_t)align_up(w->next, align);
    assert_true(ptr + new_size < MEMORY_MAX);
    w->next = ptr + new_size;
    memcpy(w->bytes + ptr, w->bytes + old, old_size);
    *ret_ptr = ptr;
    return WASM_TRAP_NONE;
}

static void world_clear(struct world *w, const char *encoding)
{
    memset(w->bytes, 0, MEMORY_MAX);
    arena_reset(&w->arena);
    w->next = 16;
    w->memory = (struct wasm_memory){.base = w->bytes, .size = MEMORY_MAX};
    w->cx = (struct canon_context){
        .memory = &w->memory, .arena = &w->arena, .trap = &w->trap, .realloc = bump_realloc};
    w->cx.encoding = strcmp(encoding, "utf8") == 0    ? CANON_UTF8
                     : strcmp(encoding, "utf16") == 0 ? CANON_UTF16
                                                      : CANON_LATIN1_UTF16;
}

static const char *const primitives[] = {
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"};

static const struct wit_type *make_type(struct arena *a, const json_t *j);

static void make_fields(struct arena *a, const json_t *list, bool named, struct wit_type *type)
{
    type->count = (uint32_t)json_array_size(list);
    struct wit_field *fields = arena_alloc(a, type->count * sizeof(*fields));
    for (uint32_t i = 0; i < type->count; i++) {
        const json_t *item = json_array_get(list, i);
        if (named)
            fields[i].name = str_of(json_string_value(json_array_get(item, 0)));
        fields[i].type = make_type(a, named ? json_array_get(item, 1) : item);
    }
    type->fields = fields;
}

static void make_labels(struct arena *a, const json_t *count, struct wit_type *type)
{
    type->count = (uint32_t)json_integer_value(count);
    struct wit_field *fields = arena_alloc(a, type->count * sizeof(*fields));
    for (uint32_t i = 0; i < type->count; i++)
        fields[i].name = str_of(arena_printf(a, "l%u", i));
    type->fields = fields;
}

static const struct wit_type *make_type(struct arena *a, const json_t *j)
{
    if (json_is_null(j))
        return NULL;
    if (json_is_string(j)) {
        for (size_t i = 0; i < countof(primitives); i++)
            if (strcmp(primitives[i], json_string_value(j)) == 0)
                return wit_primitive((enum wit_kind)i);
        fail_msg("unknown type %s", json_string_value(j));
    }
    struct wit_type *type = arena_new(a, struct wit_type);
    const json_t *part;
    if ((part = json_object_get(j, "list"))) {
        type->kind = WIT_LIST;
        type->element = make_type(a, part);
    } else if ((part = json_object_get(j, "option"))) {
        type->kind = WIT_OPTION;
        type->element = make_type(a, part);
    } else if ((part = json_object_get(j, "record"))) {
        type->kind = WIT_RECORD;
        make_fields(a, part, true, type);
    } else if ((part = json_object_get(j, "tuple"))) {
        type->kind = WIT_TUPLE;
        make_fields(a, part, false, type);
    } else if ((part = json_object_get(j, "variant"))) {
        type->kind = WIT_VARIANT;
        make_fields(a, part, true, type);
    } else if ((part = json_object_get(j, "enum"))) {
        type->kind = WIT_ENUM;
        make_labels(a, part, type);
    } else if ((part = json_object_get(j, "flags"))) {
        type->kind = WIT_FLAGS;
        make_labels(a, part, type);
    } else if ((part = json_object_get(j, "result"))) {
        type->kind = WIT_RESULT;
        type->ok = make_type(a, json_array_get(part, 0));
        type->err = make_type(a, json_array_get(part, 1));
    } else {
        fail_msg("unknown type %s", json_dumps(j, 0));
    }
    assert_true(wit_type_layout(type));
    return type;
}

static uint8_t hex_digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    return n;
}

/* JSON -> intermediate form. */
static void make_value(
    struct world *w, const struct wit_type *type, const json_t *j, struct canon_value *ret);

/* The vectors' strings were lifted from UTF-8. */
static void make_string(struct world *w, const char *hex, struct canon_string *ret)
{
    uint8_t *bytes = arena_alloc(&w->arena, strlen(hex) / 2 + 1);
    uint32_t len = (uint32_t)unhex(hex, bytes);
    *ret = (struct canon_string){.bytes = bytes, .units = len, .form = CANON_FORM_UTF8};
}

static void make_list(
    struct world *w, const struct wit_type *element, const json_t *j, struct canon_value *ret)
{
    uint32_t count = (uint32_t)json_array_size(j);
    struct canon_value *items = arena_alloc(&w->arena, (count + 1) * sizeof(*items));
    uint8_t *raw = arena_alloc(&w->arena, (size_t)count * 8 + 1);
    for (uint32_t i = 0; i < count; i++) {
        make_value(w, element, json_array_get(j, i), &items[i]);
        if (canon_is_raw(element))
            memcpy(raw + (size_t)i * element->size, &items[i].bits, element->size);
    }
    ret->list.count = count;
    if (canon_is_raw(element))
        ret->list.raw = raw;
    else
        ret->list.items = items;
}

static void make_value(
    struct world *w, const struct wit_type *type, const json_t *j, struct canon_value *ret)
{
    *ret = (struct canon_value){0};
    switch (type->kind) {
    case WIT_BOOL:
        ret->bits = json_is_true(j);
        break;
    case WIT_S64:
        ret->bits = (uint64_t)strtoll(json_string_value(j), NULL, 10);
        break;
    case WIT_U64:
        ret->bits = strtoull(json_string_value(j), NULL, 10);
        break;
    case WIT_F32:
    case WIT_F64:
        ret->bits = strtoull(json_string_value(j) + 4, NULL, 16);
        break;
    case WIT_STRING:
        make_string(w, json_string_value(j), &ret->string);
        break;
    case WIT_LIST:
        make_list(w, type->element, j, ret);
        break;
    case WIT_RECORD:
    case WIT_TUPLE:
        ret->fields = arena_alloc(&w->arena, type->count * sizeof(*ret->fields));
        for (uint32_t i = 0; i < type->count; i++)
            make_value(w, type->fields[i].type, json_array_get(j, i), &ret->fields[i]);
        break;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT:
        ret->variant.index = (uint32_t)json_integer_value(json_object_get(j, "case"));
        if (wit_case_type(type, ret->variant.index)) {
            ret->variant.payload = arena_new(&w->arena, struct canon_value);
            make_value(w, wit_case_type(type, ret->variant.index), json_object_get(j, "value"),
                ret->variant.payload);
        }
        break;
    case WIT_FLAGS:
        for (size_t i = 0; i < json_array_size(j); i++)
            ret->bits |= 1ull << json_integer_value(json_array_get(j, i));
        break;
    default:
        ret->bits = (uint64_t)json_integer_value(j);
    }
}

static json_t *show_string(struct world *w, const struct canon_string *s)
{
    struct buf hex = BUF_INIT(MEMORY_MAX);
    uint8_t *save = w->bytes;
    uint32_t ptr, length;
    /* Through UTF-8, in a memory of its own. */
    struct world other = {.bytes = calloc(1, MEMORY_MAX)};
    other.arena = ARENA_INIT(MEMORY_MAX);
    world_clear(&other, "utf8");
    union wasm_value slots[2], *end = slots;
    struct canon_value value = {.string = *s};
    assert_int_equal(
        canon_lower_flat(&other.cx, wit_primitive(WIT_STRING), &value, &end), WASM_TRAP_NONE);
    ptr = slots[0].i32;
    length = slots[1].i32;
    for (uint32_t i = 0; i < length; i++)
        buf_printf(&hex, "%02x", other.bytes[ptr + i]);
    json_t *j = json_string(buf_cstr(&hex));
    buf_release(&hex);
    free(other.bytes);
    arena_release(&other.arena);
    assert_ptr_equal(save, w->bytes);
    return j;
}

static json_t *show_value(
    struct world *w, const struct wit_type *type, const struct canon_value *value);

static json_t *show_list(
    struct world *w, const struct wit_type *element, const struct canon_value *value)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < value->list.count; i++) {
        struct canon_value item = {0};
        if (canon_is_raw(element)) {
            memcpy(&item.bits, value->list.raw + (size_t)i * element->size, element->size);
            bool is_signed = element->kind == WIT_S8 || element->kind == WIT_S16 ||
                             element->kind == WIT_S32 || element->kind == WIT_S64;
            unsigned shift = 64 - 8 * element->size;
            if (is_signed)
                item.bits = (uint64_t)((int64_t)(item.bits << shift) >> shift);
        } else {
            item = value->list.items[i];
        }
        json_array_append_new(list, show_value(w, element, &item));
    }
    return list;
}

static json_t *show_value(
    struct world *w, const struct wit_type *type, const struct canon_value *value)
{
    char text[64];
    json_t *list;
    switch (type->kind) {
    case WIT_BOOL:
        return json_boolean(value->bits);
    case WIT_S64:
        snprintf(text, sizeof(text), "%" PRId64, (int64_t)value->bits);
        return json_string(text);
    case WIT_U64:
        snprintf(text, sizeof(text), "%" PRIu64, value->bits);
        return json_string(text);
    case WIT_F32:
        snprintf(text, sizeof(text), "f32:%08" PRIx64, value->bits);
        return json_string(text);
    case WIT_F64:
        snprintf(text, sizeof(text), "f64:%016" PRIx64, value->bits);
        return json_string(text);
    case WIT_STRING:
        return show_string(w, &value->string);
    case WIT_LIST:
        return show_list(w, type->element, value);
    case WIT_RECORD:
    case WIT_TUPLE:
        list = json_array();
        for (uint32_t i = 0; i < type->count; i++)
            json_array_append_new(list, show_value(w, type->fields[i].type, &value->fields[i]));
        return list;
    case WIT_VARIANT:
    case WIT_ENUM:
    case WIT_OPTION:
    case WIT_RESULT: {
        const struct wit_type *payload = wit_case_type(type, value->variant.index);
        return json_pack("{s:i,s:o}", "case", (int)value->variant.index, "value",
            payload ? show_value(w, payload, value->variant.payload) : json_null());
    }
    case WIT_FLAGS:
        list = json_array();
        for (int i = 0; i < 32; i++)
            if (value->bits >> i & 1)
                json_array_append_new(list, json_integer(i));
        return list;
    default:
        return json_integer((json_int_t)value->bits);
    }
}

static bool memory_is(struct world *w, const char *hex)
{
    static uint8_t expected[MEMORY_MAX];
    size_t n = unhex(hex, expected);
    uint32_t end = w->next;
    return n == end && memcmp(expected, w->bytes, n) == 0;
}

static bool value_is(struct world *w, const struct wit_type *type, const struct canon_value *value,
    const json_t *expected)
{
    json_t *shown = show_value(w, type, value);
    bool same = json_equal(shown, expected);
    if (!same)
        fprintf(stderr, "got %s\n", json_dumps(shown, JSON_ENCODE_ANY));
    json_decref(shown);
    return same;
}

static const char *string_of(const json_t *vector, const char *key)
{
    return json_string_value(json_object_get(vector, key));
}

static bool flat_is(const struct wit_type *type, const json_t *flat, const union wasm_value *slots)
{
    uint8_t types[16];
    if (wit_type_flatten(type, types) != json_array_size(flat))
        return false;
    for (size_t i = 0; i < json_array_size(flat); i++) {
        const char *core = json_string_value(json_array_get(json_array_get(flat, i), 0));
        const char *text = json_string_value(json_array_get(json_array_get(flat, i), 1));
        uint64_t expected = strtoull(text, NULL, core[0] == 'f' ? 16 : 10);
        bool wide = core[1] == '6';
        if ((wide ? slots[i].i64 : slots[i].i32) != expected)
            return false;
    }
    return true;
}

static bool check_store(struct world *w, const struct wit_type *type, const json_t *vector)
{
    const char *encoding = string_of(vector, "encoding");
    struct canon_value value, back;
    uint32_t ptr;
    world_clear(w, encoding);
    make_value(w, type, json_object_get(vector, "value"), &value);
    bump_realloc(&w->cx, 0, 0, type->align, type->size, &ptr);
    if (ptr != (uint32_t)json_integer_value(json_object_get(vector, "ptr")) ||
        canon_store(&w->cx, type, &value, ptr) != WASM_TRAP_NONE ||
        !memory_is(w, string_of(vector, "memory")))
        return false;
    if (canon_load(&w->cx, type, ptr, &back) != WASM_TRAP_NONE ||
        !value_is(w, type, &back, json_object_get(vector, "value")))
        return false;
    const json_t *flat = json_object_get(vector, "flat");
    if (!flat)
        return true;
    world_clear(w, encoding);
    make_value(w, type, json_object_get(vector, "value"), &value);
    union wasm_value slots[WIT_MAX_FLAT_PARAMS], *end = slots;
    return canon_lower_flat(&w->cx, type, &value, &end) == WASM_TRAP_NONE &&
           flat_is(type, flat, slots) && memory_is(w, string_of(vector, "flat_memory"));
}

static bool outcome_is(struct world *w, const struct wit_type *type, const json_t *vector,
    enum wasm_trap_kind trap, const struct canon_value *value)
{
    if (json_is_true(json_object_get(vector, "trap")))
        return trap == WASM_TRAP_COMPONENT && w->trap.detail[0];
    return trap == WASM_TRAP_NONE && value_is(w, type, value, json_object_get(vector, "value"));
}

static bool check_load(struct world *w, const struct wit_type *type, const json_t *vector)
{
    world_clear(w, string_of(vector, "encoding"));
    w->memory.size = unhex(string_of(vector, "memory"), w->bytes);
    uint32_t ptr = (uint32_t)json_integer_value(json_object_get(vector, "ptr"));
    struct canon_value value;
    enum wasm_trap_kind trap = canon_check_range(&w->cx, ptr, type->size, type->align);
    if (trap == WASM_TRAP_NONE)
        trap = canon_load(&w->cx, type, ptr, &value);
    return outcome_is(w, type, vector, trap, &value);
}

static bool check_lift(struct world *w, const struct wit_type *type, const json_t *vector)
{
    world_clear(w, string_of(vector, "encoding"));
    w->memory.size = unhex(string_of(vector, "memory"), w->bytes);
    union wasm_value slots[WIT_MAX_FLAT_PARAMS];
    const union wasm_value *next = slots;
    const json_t *flat = json_object_get(vector, "flat");
    for (size_t i = 0; i < json_array_size(flat); i++) {
        const char *core = json_string_value(json_array_get(json_array_get(flat, i), 0));
        const char *text = json_string_value(json_array_get(json_array_get(flat, i), 1));
        slots[i].i64 = strtoull(text, NULL, core[0] == 'f' ? 16 : 10);
    }
    struct canon_value value;
    enum wasm_trap_kind trap = canon_lift_flat(&w->cx, type, &next, &value);
    return outcome_is(w, type, vector, trap, &value);
}

static bool layout_is(const struct wit_type *type, const json_t *vector)
{
    static const char *const names[] = {"f64", "f32", "i64", "i32"};
    uint8_t flat[16];
    const json_t *expected = json_object_get(vector, "flat_types");
    if (type->size != json_integer_value(json_object_get(vector, "size")) ||
        type->align != json_integer_value(json_object_get(vector, "align")))
        return false;
    if (json_array_size(expected) > WIT_MAX_FLAT_PARAMS)
        return type->flat_count == WIT_FLAT_MANY;
    if (type->flat_count != json_array_size(expected) ||
        wit_type_flatten(type, flat) != json_array_size(expected))
        return false;
    for (size_t i = 0; i < json_array_size(expected); i++)
        if (strcmp(names[flat[i] - 0x7c], json_string_value(json_array_get(expected, i))) != 0)
            return false;
    return true;
}

static bool check_vector(struct world *w, const json_t *vector)
{
    struct arena types = ARENA_INIT(MEMORY_MAX);
    const struct wit_type *type = make_type(&types, json_object_get(vector, "type"));
    const char *kind = string_of(vector, "kind");
    bool good = layout_is(type, vector);
    if (good && strcmp(kind, "store") == 0)
        good = check_store(w, type, vector);
    else if (good && strcmp(kind, "load") == 0)
        good = check_load(w, type, vector);
    else if (good)
        good = check_lift(w, type, vector);
    arena_release(&types);
    return good;
}

static void test_vectors(void **state)
{
    (void)state;
    const char *suites = getenv("SPINDLE_SUITES");
    char path[4096];
    snprintf(path, sizeof(path), "%s/canonical-abi/vectors.jsonl",
        suites ? suites : TEST_SOURCE_DIR "/../shared/suites");
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("skipped: no vectors at %s\n", path);
        skip();
    }
    struct world w = {.arena = ARENA_INIT(64 << 20), .bytes = malloc(MEMORY_MAX)};
    unsigned passed = 0, failed = 0;
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, file) > 0) {
        json_t *vector = json_loads(line, 0, NULL);
        assert_non_null(vector);
        if (check_vector(&w, vector)) {
            passed++;
        } else {
            failed++;
            print_message("vector %u does not hold: %.400s\n", passed + failed, line);
        }
        json_decref(vector);
    }
    print_message("%u vectors hold, %u do not\n", passed, failed);
    free(line);
    fclose(file);
    free(w.bytes);
    arena_release(&w.arena);
    assert_int_equal(failed, 0);
    assert_true(passed > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
