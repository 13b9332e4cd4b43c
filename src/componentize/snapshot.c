#include <string.h>

#include "base/limits.h"
#include "componentize/snapshot.h"

enum { SECTION_MEMORY = 5, SECTION_GLOBAL = 6, SECTION_DATA = 11, SECTION_DATA_COUNT = 12 };

/* Sections other than custom ones in the order of the binary format (core specification 5.5.2). */
static const uint8_t section_order[] = {1, 2, 3, 4, 5, 6, 7, 9, 12, 10, 11};

/*
 * A run of at least this many zeros ends a segment: a new segment's header takes about as many
 * bytes. Doubled until there are few enough segments.
 */
enum { FIRST_GAP = 16, MAX_SEGMENTS = 60000 };

/* ------------------------------------------------------------------------------- segments */

struct span {
    uint64_t start, end; /* bytes of the memory, end exclusive */
};

/* First byte at or after `at` that is not zero. */
static uint64_t skip_zeros(const uint8_t *bytes, uint64_t size, uint64_t at)
{
    while (at < size && (at & 7) != 0 && bytes[at] == 0)
        at++;
    if ((at & 7) == 0) {
        uint64_t word = 0;
        while (at + 8 <= size) {
            memcpy(&word, bytes + at, 8);
            if (word != 0)
                break;
            at += 8;
        }
    }
    while (at < size && bytes[at] == 0)
        at++;
    return at;
}

static uint64_t skip_data(const uint8_t *bytes, uint64_t size, uint64_t at)
{
    while (at < size && bytes[at] != 0)
        at++;
    return at;
}

/* The next stretch from `at` on that holds no `gap` zeros in a row; false at the end. */
static bool next_span(
    const uint8_t *bytes, uint64_t size, uint64_t gap, uint64_t at, struct span *ret)
{
    ret->start = skip_zeros(bytes, size, at);
    if (ret->start == size)
        return false;
    ret->end = ret->start;
    for (uint64_t next = ret->start; next < size && next - ret->end < gap;) {
        ret->end = skip_data(bytes, size, next);
        next = skip_zeros(bytes, size, ret->end);
    }
    return true;
}

static uint32_t count_spans(const uint8_t *bytes, uint64_t size, uint64_t gap)
{
    struct span span = {0, 0};
    uint32_t count = 0;
    while (next_span(bytes, size, gap, span.end, &span))
        count++;
    return count;
}

static void append_segment(struct buf *out, const uint8_t *bytes, struct span span)
{
    buf_append_byte(out, 0); /* active, memory 0 */
    buf_append_byte(out, 0x41);
    buf_append_sleb(out, (int32_t)(uint32_t)span.start);
    buf_append_byte(out, 0x0b);
    buf_append_uleb(out, span.end - span.start);
    buf_append(out, bytes + span.start, span.end - span.start);
}

static void append_data(struct buf *out, const struct wasm_memory *memory)
{
    uint64_t gap = FIRST_GAP;
    uint32_t count = count_spans(memory->base, memory->size, gap);
    while (count > MAX_SEGMENTS) {
        gap *= 2;
        count = count_spans(memory->base, memory->size, gap);
    }
    buf_append_uleb(out, count);
    struct span span = {0, 0};
    while (next_span(memory->base, memory->size, gap, span.end, &span))
        append_segment(out, memory->base, span);
}

/* ------------------------------------------------------------------------------- other sections */

static void append_memory(
    struct buf *out, const struct wasm_limits *type, const struct wasm_memory *memory)
{
    buf_append_uleb(out, 1);
    buf_append_byte(out, type->has_max);
    buf_append_uleb(out, memory->size / WASM_PAGE);
    if (type->has_max)
        buf_append_uleb(out, type->max);
}

static void append_constant(struct buf *out, uint8_t type, union wasm_value value)
{
    switch (type) {
    case WASM_I32:
        buf_append_byte(out, 0x41);
        buf_append_sleb(out, (int32_t)value.i32);
        break;
    case WASM_I64:
        buf_append_byte(out, 0x42);
        buf_append_sleb(out, (int64_t)value.i64);
        break;
    case WASM_F32:
        buf_append_byte(out, 0x43);
        for (int i = 0; i < 4; i++)
            buf_append_byte(out, (uint8_t)(value.f32 >> (8 * i)));
        break;
    default:
        buf_append_byte(out, 0x44);
        for (int i = 0; i < 8; i++)
            buf_append_byte(out, (uint8_t)(value.f64 >> (8 * i)));
        break;
    }
    buf_append_byte(out, 0x0b);
}

static void append_globals(
    struct buf *out, const struct wasm_module *module, const struct wasm_instance *instance)
{
    uint32_t own = module->global_count - module->imported_globals;
    buf_append_uleb(out, own);
    for (uint32_t i = 0; i < own; i++) {
        const struct wasm_global_def *def = &module->global_defs[i];
        bool number = def->type.type >= WASM_F64;
        buf_append_byte(out, def->type.type);
        buf_append_byte(out, def->type.is_mutable);
        if (def->type.is_mutable && number)
            append_constant(out, def->type.type, instance->globals[i]);
        else
            buf_append(out, def->init.start, (size_t)(def->init.end - def->init.start));
    }
}

static void append_section(struct buf *out, uint8_t id, struct str contents)
{
    buf_append_byte(out, id);
    buf_append_uleb(out, contents.len);
    buf_append_str(out, contents);
}

static void append_custom(struct buf *out, const struct wasm_custom_section *custom)
{
    struct buf contents = BUF_INIT(LIMIT_COMPONENT_BYTES);
    buf_append_uleb(&contents, custom->name.len);
    buf_append_str(&contents, custom->name);
    buf_append_str(&contents, custom->bytes);
    append_section(out, 0, buf_str(&contents));
    out->failed |= contents.failed;
    buf_release(&contents);
}

/* ------------------------------------------------------------------------------- the module */

static int check(const struct wasm_module *module, struct error *err)
{
    if (module->imported_memories != 0 || module->memory_count != 1)
        return error_set(err, ERROR_UNSUPPORTED, "the module must have one memory of its own");
    for (uint32_t i = 0; i < module->data_count; i++)
        if (module->datas[i].mode != WASM_SEGMENT_ACTIVE)
            return error_set(err, ERROR_UNSUPPORTED, "the module has passive data segments");
    return 0;
}

/* A section's new contents in `scratch`, or the module's own. */
static struct str section_contents(uint8_t id, const struct wasm_module *module,
    const struct wasm_instance *instance, struct buf *scratch)
{
    buf_clear(scratch);
    if (id == SECTION_MEMORY)
        append_memory(scratch, &module->memories[0], instance->memories[0]);
    else if (id == SECTION_GLOBAL && module->sections[id].ptr)
        append_globals(scratch, module, instance);
    else if (id == SECTION_DATA)
        append_data(scratch, instance->memories[0]);
    else
        return module->sections[id];
    return buf_str(scratch);
}

int componentize_snapshot(const struct wasm_module *module, const struct wasm_instance *instance,
    struct buf *out, struct error *err)
{
    if (check(module, err) < 0)
        return -1;
    static const uint8_t header[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    buf_append(out, header, sizeof(header));
    struct buf scratch = BUF_INIT(LIMIT_COMPONENT_BYTES);
    for (size_t i = 0; i < countof(section_order); i++) {
        uint8_t id = section_order[i];
        /* A count of segments is needed for passive ones only. */
        if (id == SECTION_DATA_COUNT)
            continue;
        struct str contents = section_contents(id, module, instance, &scratch);
        if (contents.ptr && (contents.len > 0 || module->sections[id].ptr))
            append_section(out, id, contents);
    }
    for (uint32_t i = 0; i < module->custom_count; i++)
        append_custom(out, &module->customs[i]);
    bool failed = scratch.failed || out->failed;
    buf_release(&scratch);
    return failed ? error_set(err, ERROR_LIMIT, "the component would be too large") : 0;
}
