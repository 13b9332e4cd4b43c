/*
 * guest_imports.h and .c: the imports of a guest written in C, with canonical flat signatures, and
 * a table of thunks through which a guest reaches them by name.
 */
#include "base/vec.h"
#include "guest.h"

/* A core function to import. */
struct import {
    const struct witc_interface *interface;
    struct str name;
    const char *c_name;
    const struct wit_func_type *type; /* NULL: a resource's drop */
    struct wit_core_type core;
};

struct imports {
    const struct witc_model *model;
    VEC(struct import) list;
};

static const char *core_c_type(uint8_t type)
{
    switch (type) {
    case 0x7f:
        return "uint32_t";
    case 0x7e:
        return "uint64_t";
    case 0x7d:
        return "float";
    default:
        return "double";
    }
}

static struct import *add_import(
    struct imports *imports, const struct witc_interface *interface, struct str name)
{
    struct arena *a = imports->model->arena;
    struct import *import = VEC_PUSH(&imports->list, a);
    BUG_IF(!import);
    import->interface = interface;
    import->name = name;
    import->c_name = arena_printf(a, "import_%s_%s", interface->prefix, witc_func_name(a, name));
    return import;
}

static int compare_imports(const void *left, const void *right)
{
    const struct import *a = left, *b = right;
    int order = str_compare(a->interface->name, b->interface->name);
    return order ? order : str_compare(a->name, b->name);
}

static void collect(struct imports *imports, const struct witc_interface *interface)
{
    struct arena *a = imports->model->arena;
    for (size_t i = 0; i < interface->func_count; i++) {
        struct import *import = add_import(imports, interface, interface->funcs[i].name);
        import->type = interface->funcs[i].type;
        wit_core_type_lower(import->type, &import->core);
    }
    for (size_t i = 0; i < interface->type_count; i++) {
        const struct witc_type *type = &interface->types[i];
        if (!type->defines_resource)
            continue;
        char *name = arena_printf(a, "[resource-drop]%" STR_FMT, STR_ARG(type->name));
        struct import *import = add_import(imports, interface, str_of(name));
        import->core = (struct wit_core_type){.param_count = 1, .params = {0x7f}};
    }
}

/* Appends the names of a parameter's flat values to `names`. */
static uint32_t name_param(struct arena *a, const struct wit_field *param, const char **names)
{
    const char *label = witc_label(a, param->name);
    if (param->type->kind == WIT_STRING || param->type->kind == WIT_LIST) {
        names[0] = arena_printf(a, "%s_ptr", label);
        names[1] = arena_printf(a, "%s_len", label);
        return 2;
    }
    if (param->type->flat_count == 1) {
        names[0] = label;
        return 1;
    }
    for (uint32_t i = 0; i < param->type->flat_count; i++)
        names[i] = arena_printf(a, "%s_%u", label, i);
    return param->type->flat_count;
}

static void name_params(struct arena *a, const struct import *import, const char **names)
{
    uint32_t count = 0;
    if (!import->type) {
        names[0] = "handle";
        return;
    }
    if (import->core.params_in_memory)
        names[count++] = "params";
    else
        for (uint32_t i = 0; i < import->type->param_count; i++)
            count += name_param(a, &import->type->params[i], &names[count]);
    if (import->core.result_in_memory)
        names[count] = "ret";
}

static void declare_import(struct arena *a, const struct import *import, struct buf *out)
{
    const char *names[WIT_MAX_FLAT_PARAMS + 2];
    const struct wit_core_type *core = &import->core;
    name_params(a, import, names);
    buf_printf(out,
        "__attribute__((import_module(\"%" STR_FMT "\"), import_name(\"%" STR_FMT "\")))\n%s %s(",
        STR_ARG(import->interface->name), STR_ARG(import->name),
        core->result_count ? core_c_type(core->results[0]) : "void", import->c_name);
    for (uint32_t i = 0; i < core->param_count; i++)
        buf_printf(out, "%s%s %s", i ? ", " : "", core_c_type(core->params[i]), names[i]);
    buf_printf(out, "%s);\n\n", core->param_count ? "" : "void");
}

static void write_thunk(const struct import *import, size_t number, struct buf *out)
{
    const struct wit_core_type *core = &import->core;
    uint8_t result = core->result_count ? core->results[0] : 0;
    buf_printf(out, "static void call_%zu(const uint64_t *flat, uint64_t *result)\n{\n    %s",
        number, core->param_count ? "" : "(void)flat;\n    ");
    if (result)
        buf_printf(out, "*result = %s(",
            result == 0x7d   ? "float_bits"
            : result == 0x7c ? "double_bits"
                             : "");
    buf_printf(out, "%s(", import->c_name);
    for (uint32_t i = 0; i < core->param_count; i++) {
        uint8_t type = core->params[i];
        const char *form = type == 0x7f   ? "(uint32_t)flat[%u]"
                           : type == 0x7e ? "flat[%u]"
                           : type == 0x7d ? "bits_float(flat[%u])"
                                          : "bits_double(flat[%u])";
        buf_append_cstr(out, i ? ", " : "");
        const char *mark = strstr(form, "%u");
        buf_append(out, form, (size_t)(mark - form));
        buf_printf(out, "%u%s", i, mark + 2);
    }
    buf_append_cstr(out, result ? "));\n}\n\n" : ");\n    (void)result;\n}\n\n");
}

static void write_header(const struct imports *imports, struct buf *header)
{
    buf_append_cstr(header, "/* Imports of the guest. Written by tools/witc: do not edit. */\n"
                            "#ifndef GUEST_IMPORTS_H\n#define GUEST_IMPORTS_H\n\n"
                            "#include <stddef.h>\n#include <stdint.h>\n\n");
    for (size_t i = 0; i < imports->list.len; i++)
        declare_import(imports->model->arena, &imports->list.data[i], header);
    buf_append_cstr(header,
        "/* An import by name: flat[i] is the i-th core parameter (i32 and floats as bits); "
        "*result\n"
        " * is written when the core function returns a value. */\n"
        "struct guest_import {\n"
        "    const char *interface;\n"
        "    const char *name;\n"
        "    void (*call)(const uint64_t *flat, uint64_t *result);\n"
        "};\n"
        "extern const struct guest_import guest_imports[]; /* sorted by interface, then name */\n"
        "extern const size_t guest_import_count;\n\n"
        "#endif\n");
}

static void write_source(const struct imports *imports, struct buf *source)
{
    buf_append_cstr(source,
        "/* Imports of the guest. Written by tools/witc: do not edit. */\n"
        "#include \"guest_imports.h\"\n\n"
        "#define UNUSED __attribute__((unused))\n\n"
        "static UNUSED float bits_float(uint64_t bits)\n{\n"
        "    union { uint32_t bits; float value; } u = {(uint32_t)bits};\n    return "
        "u.value;\n}\n\n"
        "static UNUSED double bits_double(uint64_t bits)\n{\n"
        "    union { uint64_t bits; double value; } u = {bits};\n    return u.value;\n}\n\n"
        "static UNUSED uint64_t float_bits(float value)\n{\n"
        "    union { float value; uint32_t bits; } u = {value};\n    return u.bits;\n}\n\n"
        "static UNUSED uint64_t double_bits(double value)\n{\n"
        "    union { double value; uint64_t bits; } u = {value};\n    return u.bits;\n}\n\n");
    for (size_t i = 0; i < imports->list.len; i++)
        write_thunk(&imports->list.data[i], i, source);
    buf_append_cstr(source, "const struct guest_import guest_imports[] = {\n");
    for (size_t i = 0; i < imports->list.len; i++) {
        const struct import *import = &imports->list.data[i];
        buf_printf(source, "    {\"%" STR_FMT "\", \"%" STR_FMT "\", call_%zu},\n",
            STR_ARG(import->interface->name), STR_ARG(import->name), i);
    }
    if (imports->list.len == 0)
        buf_append_cstr(source, "    {0},\n");
    buf_printf(source, "};\nconst size_t guest_import_count = %zu;\n", imports->list.len);
}

void witc_guest(const struct witc_model *model, const struct witc_interface *const *interfaces,
    size_t count, struct buf *header, struct buf *source)
{
    struct imports imports = {.model = model};
    for (size_t i = 0; i < count; i++)
        collect(&imports, interfaces[i]);
    if (imports.list.len)
        qsort(imports.list.data, imports.list.len, sizeof(*imports.list.data), compare_imports);
    write_header(&imports, header);
    write_source(&imports, source);
}
