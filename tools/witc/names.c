/* C names of WIT names and types. */
#include "model.h"

#include <ctype.h>

static const char *const c_keywords[] = {"auto", "bool", "break", "case", "char", "const",
    "continue", "default", "do", "double", "else", "enum", "extern", "false", "float", "for",
    "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "true", "typedef", "union", "unsigned", "void",
    "volatile", "while", "asm", "typeof", "errno", "stdin", "stdout", "stderr", "unix", "linux"};

static char *snake(struct arena *a, struct str name, int (*change)(int))
{
    char *text = arena_alloc(a, name.len + 2);
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        text[i] = isalnum(c) ? (char)(change ? change(c) : c) : '_';
    }
    return text;
}

const char *witc_label(struct arena *a, struct str name)
{
    char *text = snake(a, name, NULL);
    for (size_t i = 0; i < countof(c_keywords); i++)
        if (str_is(name, c_keywords[i]))
            text[name.len] = '_';
    return text;
}

const char *witc_upper(struct arena *a, struct str name)
{
    return snake(a, name, toupper);
}

const char *witc_func_name(struct arena *a, struct str name)
{
    if (name.len == 0 || name.ptr[0] != '[')
        return witc_label(a, name);
    struct str rest = str_skip(name, (size_t)str_find_byte(name, ']') + 1);
    if (str_starts_with(name, STR("[constructor]")))
        return arena_printf(a, "%s_constructor", snake(a, rest, NULL));
    if (str_starts_with(name, STR("[resource-drop]")))
        return arena_printf(a, "%s_drop", snake(a, rest, NULL));
    return snake(a, rest, NULL);
}

bool witc_is_bytes(const struct wit_type *type)
{
    return type->kind == WIT_LIST && type->element->kind == WIT_U8;
}

bool witc_is_composite(const struct wit_type *type)
{
    switch (type->kind) {
    case WIT_LIST:
        return !witc_is_bytes(type);
    case WIT_RECORD:
    case WIT_TUPLE:
    case WIT_VARIANT:
    case WIT_OPTION:
    case WIT_RESULT:
        return true;
    default:
        return false;
    }
}

static bool is_nominal(const struct wit_type *type)
{
    return type->kind == WIT_RECORD || type->kind == WIT_VARIANT || type->kind == WIT_ENUM ||
           type->kind == WIT_FLAGS;
}

const struct witc_interface *witc_context(const struct witc_model *model,
    const struct witc_interface *context, const struct wit_type *type)
{
    const struct witc_interface *owner = is_nominal(type) ? witc_owner(model, type) : NULL;
    return owner ? owner : context;
}

/* What a type adds to the name of one that is made of it. */
static const char *part_name(struct arena *a, const struct wit_type *type)
{
    static const char *const primitives[] = {"bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64",
        "u64", "f32", "f64", "char", "string"};
    if (!type)
        return "void";
    if (type->kind <= WIT_STRING)
        return primitives[type->kind];
    switch (type->kind) {
    case WIT_LIST:
        return arena_printf(a, "list_%s", part_name(a, type->element));
    case WIT_OPTION:
        return arena_printf(a, "option_%s", part_name(a, type->element));
    case WIT_RESULT:
        return arena_printf(a, "result_%s_%s", part_name(a, type->ok), part_name(a, type->err));
    case WIT_OWN:
        return arena_printf(a, "own_%s", snake(a, type->resource->name, NULL));
    case WIT_BORROW:
        return arena_printf(a, "borrow_%s", snake(a, type->resource->name, NULL));
    case WIT_TUPLE: {
        char *name = arena_printf(a, "tuple%u", type->count);
        for (uint32_t i = 0; i < type->count; i++)
            name = arena_printf(a, "%s_%s", name, part_name(a, type->fields[i].type));
        return name;
    }
    default:
        return snake(a, type->name, NULL);
    }
}

const char *witc_c_tag(const struct witc_model *model, const struct witc_interface *context,
    const struct wit_type *type)
{
    struct arena *a = model->arena;
    if (type->kind == WIT_OWN || type->kind == WIT_BORROW) {
        const struct witc_interface *owner = witc_owner(model, type->resource);
        return arena_printf(a, "%s_%s_%s", (owner ? owner : context)->prefix,
            snake(a, type->resource->name, NULL), type->kind == WIT_OWN ? "own" : "borrow");
    }
    return arena_printf(a, "%s_%s", witc_context(model, context, type)->prefix, part_name(a, type));
}

const char *witc_c_type(const struct witc_model *model, const struct witc_interface *context,
    const struct wit_type *type)
{
    static const char *const primitives[] = {"bool", "int8_t", "uint8_t", "int16_t", "uint16_t",
        "int32_t", "uint32_t", "int64_t", "uint64_t", "float", "double", "uint32_t", "struct str"};
    if (type->kind <= WIT_STRING)
        return primitives[type->kind];
    if (witc_is_bytes(type))
        return "struct str";
    if (type->kind == WIT_FLAGS)
        return type->count > 32 ? "uint64_t" : "uint32_t";
    return arena_printf(model->arena, "%s %s", type->kind == WIT_ENUM ? "enum" : "struct",
        witc_c_tag(model, context, type));
}

bool witc_has_functions(const struct witc_interface *interface)
{
    for (size_t i = 0; i < interface->type_count; i++)
        if (interface->types[i].defines_resource)
            return true;
    return interface->func_count > 0;
}
