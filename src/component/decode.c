/*
 * Component binary to ast.h: primitives, sections and definitions. Form only; no index is looked
 * up. Types are in decode_types.c.
 */
#include "component/decode_int.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "component/canon.h"

#include <stdarg.h>

size_t decode_offset(const struct decoder *d)
{
    return (size_t)(d->r.pos - d->origin);
}

int decode_error(struct decoder *d, const char *fmt, ...)
{
    char text[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return error_set(d->err, ERROR_INVALID, "%s at offset 0x%zx", text, decode_offset(d));
}

int decode_unsupported(struct decoder *d, const char *feature)
{
    return error_set(d->err, ERROR_UNSUPPORTED, "%s is not supported (at offset 0x%zx)", feature,
        decode_offset(d));
}

int decode_byte(struct decoder *d, uint8_t *ret)
{
    if (!reader_byte(&d->r, ret))
        return decode_error(d, "unexpected end");
    return 0;
}

int decode_u32(struct decoder *d, uint32_t *ret)
{
    uint64_t value;
    enum read_result result = reader_uleb(&d->r, 32, &value);
    if (result != READ_OK)
        return decode_error(d, "%s", read_result_message(result));
    *ret = (uint32_t)value;
    return 0;
}

int decode_name(struct decoder *d, struct str *ret)
{
    uint32_t len;
    const uint8_t *bytes;
    if (decode_u32(d, &len) < 0)
        return -1;
    if (!reader_bytes(&d->r, len, &bytes))
        return decode_error(d, "unexpected end");
    *ret = str_make(bytes, len);
    if (!utf8_valid(*ret))
        return decode_error(d, "malformed UTF-8 encoding");
    return 0;
}

int decode_count(struct decoder *d, uint32_t *ret)
{
    if (decode_u32(d, ret) < 0)
        return -1;
    if (*ret > reader_left(&d->r))
        return decode_error(d, "unexpected end");
    return 0;
}

int decode_vec(
    struct decoder *d, size_t size, decode_item item, uint32_t *ret_count, void *ret_items)
{
    uint32_t count;
    if (decode_count(d, &count) < 0)
        return -1;
    char *items = arena_try_alloc(d->arena, count ? count : 1, size);
    if (!items)
        return error_set(d->err, ERROR_MEMORY, "out of memory for %u items", count);
    for (uint32_t i = 0; i < count; i++)
        if (item(d, items + i * size) < 0)
            return -1;
    *ret_count = count;
    memcpy(ret_items, &items, sizeof(items));
    return 0;
}

static int decode_attribute(struct decoder *d, struct ast_name *name)
{
    uint8_t kind;
    struct str text;
    if (decode_byte(d, &kind) < 0 || decode_name(d, &text) < 0)
        return -1;
    if (kind == 0x00) {
        if (name->has_implements)
            return decode_error(d, "duplicate `implements` attribute");
        name->has_implements = true;
        name->implements = text;
        return 0;
    }
    if (kind == 0x01) {
        if (name->has_suffix)
            return decode_error(d, "duplicate `versionsuffix` attribute");
        name->has_suffix = true;
        name->suffix = text;
        return 0;
    }
    if (kind == 0x02)
        return 0;
    return decode_error(d, "invalid leading byte (0x%x) for name attribute", kind);
}

int decode_extern_name(struct decoder *d, struct ast_name *ret)
{
    uint8_t form;
    uint32_t count;
    if (decode_byte(d, &form) < 0)
        return -1;
    if (form > 0x02)
        return decode_error(d, "invalid leading byte (0x%x) for component name", form);
    if (decode_name(d, &ret->name) < 0)
        return -1;
    if (form != 0x02)
        return 0;
    ret->has_attributes = true;
    if (decode_count(d, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (decode_attribute(d, ret) < 0)
            return -1;
    return 0;
}

int decode_core_sort(struct decoder *d, enum sort *ret)
{
    uint8_t byte;
    if (decode_byte(d, &byte) < 0)
        return -1;
    switch (byte) {
    case 0x00:
        *ret = SORT_CORE_FUNC;
        return 0;
    case 0x01:
        *ret = SORT_CORE_TABLE;
        return 0;
    case 0x02:
        *ret = SORT_CORE_MEMORY;
        return 0;
    case 0x03:
        *ret = SORT_CORE_GLOBAL;
        return 0;
    case 0x04:
        *ret = SORT_CORE_TAG;
        return 0;
    case 0x10:
        *ret = SORT_CORE_TYPE;
        return 0;
    case 0x11:
        *ret = SORT_CORE_MODULE;
        return 0;
    case 0x12:
        *ret = SORT_CORE_INSTANCE;
        return 0;
    default:
        return decode_error(d, "invalid leading byte (0x%x) for core sort", byte);
    }
}

int decode_sort(struct decoder *d, enum sort *ret)
{
    uint8_t byte;
    if (decode_byte(d, &byte) < 0)
        return -1;
    switch (byte) {
    case 0x00:
        return decode_core_sort(d, ret);
    case 0x01:
        *ret = SORT_FUNC;
        return 0;
    case 0x02:
        return decode_unsupported(d, "the component model feature `values`");
    case 0x03:
        *ret = SORT_TYPE;
        return 0;
    case 0x04:
        *ret = SORT_COMPONENT;
        return 0;
    case 0x05:
        *ret = SORT_INSTANCE;
        return 0;
    default:
        return decode_error(d, "invalid leading byte (0x%x) for component sort", byte);
    }
}

int decode_extern_type(struct decoder *d, struct ast_extern_type *ret)
{
    uint8_t byte, second;
    if (decode_byte(d, &byte) < 0)
        return -1;
    switch (byte) {
    case 0x00:
        if (decode_byte(d, &second) < 0)
            return -1;
        if (second != 0x11)
            return decode_error(d, "invalid leading byte (0x%x) for core type", second);
        ret->sort = EXTERN_MODULE;
        return decode_u32(d, &ret->index);
    case 0x01:
        ret->sort = EXTERN_FUNC;
        return decode_u32(d, &ret->index);
    case 0x02:
        return decode_unsupported(d, "the component model feature `values`");
    case 0x03:
        ret->sort = EXTERN_TYPE;
        if (decode_byte(d, &second) < 0)
            return -1;
        if (second == 0x01) {
            ret->sub_resource = true;
            return 0;
        }
        if (second != 0x00)
            return decode_error(d, "invalid leading byte (0x%x) for type bound", second);
        return decode_u32(d, &ret->index);
    case 0x04:
        ret->sort = EXTERN_COMPONENT;
        return decode_u32(d, &ret->index);
    case 0x05:
        ret->sort = EXTERN_INSTANCE;
        return decode_u32(d, &ret->index);
    default:
        return decode_error(d, "invalid leading byte (0x%x) for component external kind", byte);
    }
}

int decode_alias(struct decoder *d, struct ast_alias *ret)
{
    uint8_t kind;
    if (decode_sort(d, &ret->sort) < 0 || decode_byte(d, &kind) < 0)
        return -1;
    switch (kind) {
    case 0x00:
    case 0x01:
        ret->kind = kind ? ALIAS_CORE_EXPORT : ALIAS_EXPORT;
        return decode_u32(d, &ret->instance) < 0 ? -1 : decode_name(d, &ret->name);
    case 0x02:
        ret->kind = ALIAS_OUTER;
        return decode_u32(d, &ret->depth) < 0 ? -1 : decode_u32(d, &ret->index);
    default:
        return decode_error(d, "invalid leading byte (0x%x) for alias", kind);
    }
}

static int decode_core_item(struct decoder *d, void *item)
{
    struct ast_item *i = item;
    if (decode_name(d, &i->name) < 0 || decode_core_sort(d, &i->sort) < 0)
        return -1;
    return decode_u32(d, &i->index);
}

static int decode_core_argument(struct decoder *d, void *item)
{
    struct ast_item *i = item;
    if (decode_core_item(d, item) < 0)
        return -1;
    if (i->sort != SORT_CORE_INSTANCE)
        return decode_error(d, "invalid leading byte for instantiation argument");
    return 0;
}

static int decode_argument(struct decoder *d, void *item)
{
    struct ast_item *i = item;
    if (decode_name(d, &i->name) < 0 || decode_sort(d, &i->sort) < 0)
        return -1;
    return decode_u32(d, &i->index);
}

static int decode_inline_export(struct decoder *d, void *item)
{
    struct ast_item *i = item;
    struct ast_name name = {0};
    if (decode_extern_name(d, &name) < 0 || decode_sort(d, &i->sort) < 0)
        return -1;
    i->name = name.name;
    if (name.has_attributes) {
        struct ast_name *copy = arena_new(d->arena, struct ast_name);
        *copy = name;
        i->attributes = copy;
    }
    return decode_u32(d, &i->index);
}

static int decode_instance(
    struct decoder *d, struct ast_instance *ret, decode_item argument, decode_item inline_export)
{
    uint8_t kind;
    if (decode_byte(d, &kind) < 0)
        return -1;
    if (kind > 0x01)
        return decode_error(d, "invalid leading byte (0x%x) for instance", kind);
    ret->is_inline = kind;
    if (!ret->is_inline && decode_u32(d, &ret->index) < 0)
        return -1;
    return decode_vec(d, sizeof(struct ast_item), ret->is_inline ? inline_export : argument,
        &ret->count, &ret->items);
}

/* "Validation prevents duplicate or conflicting canonopt" is done here, where they are seen. */
static int decode_options(struct decoder *d, struct ast_options *ret)
{
    uint32_t count;
    bool has_encoding = false;
    *ret = (struct ast_options){CANON_UTF8, OPTION_NONE, OPTION_NONE, OPTION_NONE};
    if (decode_count(d, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind;
        uint32_t *index = NULL;
        if (decode_byte(d, &kind) < 0)
            return -1;
        switch (kind) {
        case 0x00:
        case 0x01:
        case 0x02:
            if (has_encoding)
                return decode_error(d, "canonical encoding option conflicts with another");
            has_encoding = true;
            ret->encoding = kind;
            continue;
        case 0x03:
            index = &ret->memory;
            break;
        case 0x04:
            index = &ret->realloc;
            break;
        case 0x05:
            index = &ret->post_return;
            break;
        case 0x06:
        case 0x07:
            return decode_unsupported(d, "the component model feature `async`");
        case 0x08:
        case 0x09:
            return decode_unsupported(d, "the component model feature `gc`");
        default:
            return decode_error(d, "invalid leading byte (0x%x) for canonical option", kind);
        }
        if (*index != OPTION_NONE)
            return decode_error(d, "canonical option is specified more than once");
        if (decode_u32(d, index) < 0)
            return -1;
        if (*index == OPTION_NONE)
            return decode_error(d, "index out of bounds");
    }
    return 0;
}

static int decode_zero(struct decoder *d)
{
    uint8_t byte;
    if (decode_byte(d, &byte) < 0)
        return -1;
    return byte ? decode_error(d, "invalid leading byte (0x%x) for canonical function", byte) : 0;
}

static int decode_canon(struct decoder *d, struct ast_canon *ret)
{
    uint8_t kind;
    if (decode_byte(d, &kind) < 0)
        return -1;
    switch (kind) {
    case 0x00:
        ret->kind = CANON_LIFT;
        if (decode_zero(d) < 0 || decode_u32(d, &ret->func) < 0 ||
            decode_options(d, &ret->options) < 0)
            return -1;
        return decode_u32(d, &ret->type);
    case 0x01:
        ret->kind = CANON_LOWER;
        if (decode_zero(d) < 0 || decode_u32(d, &ret->func) < 0)
            return -1;
        return decode_options(d, &ret->options);
    case 0x02:
    case 0x03:
    case 0x04:
        ret->kind = kind == 0x02 ? CANON_NEW : kind == 0x03 ? CANON_DROP : CANON_REP;
        return decode_u32(d, &ret->type);
    default:
        if (kind <= 0x2d || (kind >= 0x40 && kind <= 0x42))
            return decode_unsupported(d, "an asynchronous or threading built-in");
        return decode_error(d, "invalid leading byte (0x%x) for canonical function", kind);
    }
}

static int decode_import(struct decoder *d, struct ast_def *def)
{
    def->kind = DEF_IMPORT;
    if (decode_extern_name(d, &def->import.name) < 0)
        return -1;
    return decode_extern_type(d, &def->import.type);
}

static int decode_export(struct decoder *d, struct ast_def *def)
{
    uint8_t has_type;
    def->kind = DEF_EXPORT;
    if (decode_extern_name(d, &def->export.name) < 0 || decode_sort(d, &def->export.sort) < 0 ||
        decode_u32(d, &def->export.index) < 0 || decode_byte(d, &has_type) < 0)
        return -1;
    if (has_type > 1)
        return decode_error(d, "invalid leading byte (0x%x) for optional export type", has_type);
    def->export.has_type = has_type;
    return has_type ? decode_extern_type(d, &def->export.type) : 0;
}

/* One definition of a section whose contents are a vector. */
static int decode_definition(struct decoder *d, unsigned section, struct ast_def *def)
{
    def->offset = decode_offset(d);
    switch (section) {
    case 2:
        def->kind = DEF_CORE_INSTANCE;
        return decode_instance(d, &def->core_instance, decode_core_argument, decode_core_item);
    case 3:
        def->kind = DEF_CORE_TYPE;
        return decode_core_type(d, &def->core_type);
    case 5:
        def->kind = DEF_INSTANCE;
        return decode_instance(d, &def->instance, decode_argument, decode_inline_export);
    case 6:
        def->kind = DEF_ALIAS;
        return decode_alias(d, &def->alias);
    case 7:
        def->kind = DEF_TYPE;
        def->type = arena_new(d->arena, struct ast_type);
        return decode_type(d, def->type);
    case 8:
        def->kind = DEF_CANON;
        return decode_canon(d, &def->canon);
    case 10:
        return decode_import(d, def);
    case 11:
        return decode_export(d, def);
    default:
        BUG("section %u", section);
    }
}

struct definitions {
    VEC(struct ast_def) list;
};

static struct ast_def *add_definition(struct decoder *d, struct definitions *defs)
{
    if (defs->list.len >= LIMIT_COMPONENT_ITEMS) {
        error_set(d->err, ERROR_LIMIT, "more than %d definitions", LIMIT_COMPONENT_ITEMS);
        return NULL;
    }
    struct ast_def *def = VEC_PUSH(&defs->list, d->arena);
    if (!def)
        error_set(d->err, ERROR_MEMORY, "out of memory for a component");
    return def;
}

static int decode_nested(struct decoder *d, struct ast_component **ret);

static int decode_section(struct decoder *d, unsigned id, struct definitions *defs)
{
    struct ast_def *def;
    uint32_t count;
    struct str name;
    switch (id) {
    case 0:
        if (decode_name(d, &name) < 0)
            return -1;
        d->r.pos = d->r.end;
        return 0;
    case 1:
        if (!(def = add_definition(d, defs)))
            return -1;
        def->kind = DEF_CORE_MODULE;
        def->offset = decode_offset(d);
        def->core_module.bytes = str_make(d->r.pos, reader_left(&d->r));
        if (wasm_decode(def->core_module.bytes, d->arena, &def->core_module.module, d->err) < 0)
            return error_wrap(d->err, "core module at offset 0x%zx", def->offset);
        d->r.pos = d->r.end;
        return 0;
    case 4:
        if (!(def = add_definition(d, defs)))
            return -1;
        def->kind = DEF_COMPONENT;
        def->offset = decode_offset(d);
        return decode_nested(d, &def->component);
    case 9:
    case 12:
        return decode_unsupported(d, "the component model feature `values`");
    default:
        if (id > 12)
            return decode_error(d, "malformed section id: %u", id);
    }
    if (decode_count(d, &count) < 0)
        return -1;
    for (uint32_t i = 0; i < count; i++)
        if (!(def = add_definition(d, defs)) || decode_definition(d, id, def) < 0)
            return -1;
    return 0;
}

static int decode_sections(struct decoder *d, struct definitions *defs)
{
    while (reader_left(&d->r)) {
        uint8_t id;
        uint32_t size;
        const uint8_t *bytes;
        if (decode_byte(d, &id) < 0 || decode_u32(d, &size) < 0)
            return -1;
        if (!reader_bytes(&d->r, size, &bytes))
            return decode_error(d, "unexpected end");
        struct decoder inner = *d;
        inner.r = reader_make(bytes, size);
        if (decode_section(&inner, id, defs) < 0)
            return -1;
        if (reader_left(&inner.r))
            return decode_error(&inner, "section size mismatch: unexpected content");
    }
    return 0;
}

static int decode_nested(struct decoder *d, struct ast_component **ret)
{
    static const uint8_t preamble[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    const uint8_t *bytes;
    if (++d->depth > LIMIT_COMPONENT_DEPTH)
        return error_set(d->err, ERROR_LIMIT, "components are nested too deep");
    if (!reader_bytes(&d->r, sizeof(preamble), &bytes))
        return decode_error(d, "unexpected end");
    if (memcmp(bytes, preamble, 4) != 0)
        return decode_error(d, "magic header not detected");
    if (memcmp(bytes + 4, preamble + 4, 4) != 0)
        return decode_error(d, "unknown binary version and encoding combination");
    struct definitions defs = {0};
    if (decode_sections(d, &defs) < 0)
        return -1;
    struct ast_component *component = arena_new(d->arena, struct ast_component);
    component->defs = defs.list.data;
    component->def_count = defs.list.len;
    *ret = component;
    d->depth--;
    return 0;
}

int decode_component(
    struct str bytes, struct arena *a, struct ast_component **ret_component, struct error *err)
{
    struct decoder d = {.r = reader_make(bytes.ptr, bytes.len), .arena = a, .err = err};
    d.origin = d.r.start;
    return decode_nested(&d, ret_component);
}
