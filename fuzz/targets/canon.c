/*
 * The canonical ABI on hostile memory. The first byte chooses the encoding of strings, the second
 * is the length of the description of a type, which follows; the rest is the memory. A value that
 * can be loaded is stored to another memory;
 * what is loaded from there and stored again must give the same bytes.
 */
#include "component/canon.h"

#include "fuzz.h"

enum { DEEPEST = 6, WIDEST = 4, MOST_FLAGS = 32, AREA = 256 * 1024 };

struct guest {
    struct canon_context cx; /* first: callbacks find the guest by it */
    struct wasm_memory memory;
    struct wasm_trap trap;
    uint32_t heap;
};

static enum wasm_trap_kind bump(struct canon_context *cx, uint32_t old, uint32_t old_size,
    uint32_t align, uint32_t new_size, uint32_t *ret_ptr)
{
    struct guest *g = (struct guest *)cx;
    uint64_t at = align_up(g->heap, align);
    if (at + new_size > g->memory.size)
        return canon_trap(cx, "the memory is full");
    memcpy(g->memory.base + at, g->memory.base + old, old_size < new_size ? old_size : new_size);
    g->heap = (uint32_t)(at + new_size);
    *ret_ptr = (uint32_t)at;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind lift_handle(
    struct canon_context *cx, const struct wit_type *type, uint32_t handle, void **ret_rep)
{
    (void)type;
    if (handle % 2)
        return canon_trap(cx, "unknown handle %u", handle);
    *ret_rep = (void *)(uintptr_t)handle;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind lower_handle(
    struct canon_context *cx, const struct wit_type *type, void *rep, uint32_t *ret_handle)
{
    (void)cx;
    (void)type;
    *ret_handle = (uint32_t)(uintptr_t)rep;
    return WASM_TRAP_NONE;
}

static const struct wit_type *read_type(struct arena *a, struct str *input, unsigned depth);

static void read_fields(
    struct arena *a, struct str *input, struct wit_type *type, uint32_t most, unsigned depth)
{
    bool may_be_empty = type->kind == WIT_VARIANT;
    bool never_typed = type->kind == WIT_ENUM || type->kind == WIT_FLAGS;
    type->count = 1 + fuzz_byte(input) % most;
    struct wit_field *fields = arena_alloc(a, type->count * sizeof *fields);
    for (uint32_t i = 0; i < type->count; i++) {
        fields[i].name = STR("a");
        if (!never_typed && !(may_be_empty && fuzz_byte(input) % 2))
            fields[i].type = read_type(a, input, depth + 1);
    }
    type->fields = fields;
}

/* A description that is used up goes on with bool, which is kind 0. */
static const struct wit_type *read_type(struct arena *a, struct str *input, unsigned depth)
{
    static const struct wit_resource resource = {.name = STR("r")};
    struct wit_type *type = arena_new(a, struct wit_type);
    type->kind = fuzz_byte(input) % (depth < DEEPEST ? WIT_BORROW + 1 : WIT_LIST);
    if (type->kind == WIT_LIST || type->kind == WIT_OPTION)
        type->element = read_type(a, input, depth + 1);
    else if (type->kind == WIT_FLAGS)
        read_fields(a, input, type, MOST_FLAGS, depth);
    else if (type->kind == WIT_ENUM)
        read_fields(a, input, type, 256, depth);
    else if (type->kind == WIT_RECORD || type->kind == WIT_TUPLE || type->kind == WIT_VARIANT)
        read_fields(a, input, type, WIDEST, depth);
    else if (type->kind == WIT_OWN || type->kind == WIT_BORROW)
        type->resource = &resource;
    if (type->kind == WIT_RESULT) {
        uint8_t which = fuzz_byte(input);
        type->ok = which & 1 ? read_type(a, input, depth + 1) : NULL;
        type->err = which & 2 ? read_type(a, input, depth + 1) : NULL;
    }
    BUG_IF(!wit_type_layout(type));
    return type;
}

static void guest_init(
    struct guest *g, struct arena *arena, enum canon_encoding encoding, struct str memory)
{
    *g = (struct guest){.memory = {.base = (uint8_t *)memory.ptr, .size = memory.len}};
    g->cx = (struct canon_context){.memory = &g->memory,
        .encoding = encoding,
        .arena = arena,
        .trap = &g->trap,
        .realloc = bump,
        .lift_handle = lift_handle,
        .lower_handle = lower_handle};
}

static bool load(struct guest *g, const struct wit_type *type, struct canon_value *ret)
{
    return canon_check_range(&g->cx, 0, type->size, type->align) == WASM_TRAP_NONE &&
           canon_load(&g->cx, type, 0, ret) == WASM_TRAP_NONE;
}

/* To address 0 of the memory `area`; behind the value is the heap. */
static bool store(struct guest *g, struct arena *arena, enum canon_encoding encoding,
    const struct wit_type *type, const struct canon_value *value, uint8_t *area)
{
    memset(area, 0, AREA);
    guest_init(g, arena, encoding, str_make(area, AREA));
    g->heap = type->size;
    return canon_check_range(&g->cx, 0, type->size, type->align) == WASM_TRAP_NONE &&
           canon_store(&g->cx, type, value, 0) == WASM_TRAP_NONE;
}

/* Of latin1+utf16 only that there is an answer: it may take less room the second time. */
static void store_and_load_again(
    struct guest *g, const struct wit_type *type, const struct canon_value *value)
{
    static uint8_t first[AREA], second[AREA];
    struct canon_value again;
    struct guest one, two;
    enum canon_encoding encoding = g->cx.encoding;
    if (!store(&one, g->cx.arena, encoding, type, value, first))
        return;
    BUG_IF(!load(&one, type, &again));
    BUG_IF(!store(&two, g->cx.arena, encoding, type, &again, second));
    BUG_IF(encoding != CANON_LATIN1_UTF16 && memcmp(first, second, AREA) != 0);
}

/* The same bytes as flat core values. */
static void lift_flat(struct guest *g, const struct wit_type *type, struct str bytes)
{
    union wasm_value slots[WIT_MAX_FLAT_PARAMS + 1] = {0};
    const struct wit_field field = {.name = STR("a"), .type = type};
    const struct wit_func_type func = {.param_count = 1, .params = &field, .result = type};
    struct canon_value value;
    for (size_t i = 0; i < countof(slots); i++)
        slots[i].i64 = fuzz_u32(&bytes) | (uint64_t)fuzz_u32(&bytes) << 32;
    if (canon_lift_params(&g->cx, &func, slots, &value) == WASM_TRAP_NONE)
        store_and_load_again(g, type, &value);
    canon_lift_result(&g->cx, type, slots, &value);
}

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(16 * MIB);
    struct guest g;
    struct canon_value value;
    enum canon_encoding encoding = fuzz_byte(&input) % 3;
    uint8_t len = fuzz_byte(&input);
    struct str description = str_make(input.ptr, len < input.len ? len : input.len);
    struct str memory = str_skip(input, len);
    const struct wit_type *type = read_type(&arena, &description, 0);
    guest_init(&g, &arena, encoding, memory);
    if (load(&g, type, &value))
        store_and_load_again(&g, type, &value);
    lift_flat(&g, type, memory);
}
