#include <string.h>

#include "wit/python_int.h"

/* ------------------------------------------------------------------------------- references */

/* "module." in front of names of another module; "" in the module itself. */
static void append_owner(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    const struct py_module *module = py_owner(p, def);
    if (!module || module == p->current)
        return;
    p->needed[module - p->modules.data] = true;
    buf_printf(out, "%" STR_FMT ".", STR_ARG(py_module_ref(p, module)));
}

static void append_class(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    append_owner(p, def, out);
    buf_append_str(out, py_name(p->arena, def->name, PY_CAMEL));
}

static bool is_bytes(const struct wit_type *type)
{
    return type->kind == WIT_LIST &&
           (type->element->kind == WIT_U8 || type->element->kind == WIT_S8);
}

/* How a type is written: as an annotation or as a descriptor. */
typedef void write_type_fn(const struct py *p, const struct wit_type *type,
    const struct wit_resource *self, struct buf *out);

static void append_or_none(const struct py *p, const struct wit_type *type,
    const struct wit_resource *self, write_type_fn *write, struct buf *out)
{
    if (type)
        write(p, type, self, out);
    else
        buf_append_cstr(out, "None");
}

/* Both payloads of a result. */
static void append_pair(const struct py *p, const struct wit_type *type,
    const struct wit_resource *self, write_type_fn *write, struct buf *out)
{
    append_or_none(p, type->ok, self, write, out);
    buf_append_cstr(out, ", ");
    append_or_none(p, type->err, self, write, out);
}

static void append_tuple(const struct py *p, const struct wit_type *type,
    const struct wit_resource *self, write_type_fn *write, struct buf *out)
{
    for (uint32_t i = 0; i < type->count; i++) {
        if (i > 0)
            buf_append_cstr(out, ", ");
        write(p, type->fields[i].type, self, out);
    }
}

void py_annotation(const struct py *p, const struct wit_type *type, const struct wit_resource *self,
    struct buf *out)
{
    static const char *const names[] = {[WIT_BOOL] = "bool",
        [WIT_F32] = "float",
        [WIT_F64] = "float",
        [WIT_CHAR] = "str",
        [WIT_STRING] = "str"};
    const struct wit_definition *def = wit_resolve_definition(p->r, type);
    if (type->resource && type->resource == self) {
        buf_append_cstr(out, "Self");
    } else if (def) {
        append_class(p, def, out);
    } else if (type->kind <= WIT_STRING) {
        buf_append_cstr(out, names[type->kind] ? names[type->kind] : "int");
    } else if (is_bytes(type)) {
        buf_append_cstr(out, "bytes");
    } else if (type->kind == WIT_LIST) {
        buf_append_cstr(out, "List[");
        py_annotation(p, type->element, self, out);
        buf_append_byte(out, ']');
    } else if (type->kind == WIT_OPTION) {
        bool nested = type->element->kind == WIT_OPTION;
        buf_append_cstr(out, nested ? "Optional[Some[" : "Optional[");
        py_annotation(p, type->element, self, out);
        buf_append_cstr(out, nested ? "]]" : "]");
    } else if (type->kind == WIT_RESULT) {
        buf_append_cstr(out, "Result[");
        append_pair(p, type, self, py_annotation, out);
        buf_append_byte(out, ']');
    } else {
        buf_append_cstr(out, "Tuple[");
        append_tuple(p, type, self, py_annotation, out);
        buf_append_byte(out, ']');
    }
}

/* ------------------------------------------------------------------------------- descriptors */

/* The variable that holds a named type's descriptor. */
static void append_descriptor_name(
    const struct py *p, const struct wit_definition *def, struct buf *out)
{
    append_owner(p, def, out);
    buf_printf(out, "_type_%" STR_FMT, STR_ARG(py_case(p->arena, def->name, PY_SNAKE)));
}

static void write_descriptor(const struct py *p, const struct wit_type *type,
    const struct wit_resource *self, struct buf *out)
{
    (void)self;
    py_descriptor(p, type, out);
}

void py_descriptor(const struct py *p, const struct wit_type *type, struct buf *out)
{
    static const char *const names[] = {[WIT_BOOL] = "bool",
        [WIT_S8] = "s8",
        [WIT_U8] = "u8",
        [WIT_S16] = "s16",
        [WIT_U16] = "u16",
        [WIT_S32] = "s32",
        [WIT_U32] = "u32",
        [WIT_S64] = "s64",
        [WIT_U64] = "u64",
        [WIT_F32] = "f32",
        [WIT_F64] = "f64",
        [WIT_CHAR] = "char",
        [WIT_STRING] = "string",
        [WIT_LIST] = "list",
        [WIT_OPTION] = "option"};
    const struct wit_definition *def = wit_resolve_definition(p->r, type);
    if (type->resource) {
        buf_append_cstr(out, type->kind == WIT_OWN ? "_t.own(" : "_t.borrow(");
        append_class(p, def, out);
        buf_append_byte(out, ')');
    } else if (def) {
        append_descriptor_name(p, def, out);
    } else if (type->kind <= WIT_STRING) {
        buf_printf(out, "_t.%s", names[type->kind]);
    } else if (type->kind == WIT_LIST || type->kind == WIT_OPTION) {
        buf_printf(out, "_t.%s(", names[type->kind]);
        py_descriptor(p, type->element, out);
        buf_append_byte(out, ')');
    } else if (type->kind == WIT_RESULT) {
        buf_append_cstr(out, "_t.result(");
        append_pair(p, type, NULL, write_descriptor, out);
        buf_append_byte(out, ')');
    } else {
        buf_append_cstr(out, "_t.tuple(");
        append_tuple(p, type, NULL, write_descriptor, out);
        buf_append_byte(out, ')');
    }
}

/* A tuple in Python of one text for each field: "(a, b, )". */
typedef void write_field_fn(
    const struct py *p, const struct wit_definition *def, uint32_t index, struct buf *out);

static void append_fields(
    const struct py *p, const struct wit_definition *def, write_field_fn *write, struct buf *out)
{
    buf_append_byte(out, '(');
    for (uint32_t i = 0; i < def->type->count; i++) {
        write(p, def, i, out);
        buf_append_cstr(out, i + 1 < def->type->count ? ", " : ",");
    }
    buf_append_byte(out, ')');
}

static void write_record_field(
    const struct py *p, const struct wit_definition *def, uint32_t index, struct buf *out)
{
    const struct wit_field *field = &def->type->fields[index];
    buf_printf(out, "(\"%" STR_FMT "\", ", STR_ARG(py_name(p->arena, field->name, PY_SNAKE)));
    py_descriptor(p, field->type, out);
    buf_append_byte(out, ')');
}

static void write_case_class(
    const struct py *p, const struct wit_definition *def, uint32_t index, struct buf *out)
{
    buf_append_str(out, py_case_class(p->arena, def, index));
}

static void write_case_type(
    const struct py *p, const struct wit_definition *def, uint32_t index, struct buf *out)
{
    append_or_none(p, def->type->fields[index].type, NULL, write_descriptor, out);
}

void py_define_descriptor(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    append_descriptor_name(p, def, out);
    buf_append_cstr(out, " = _t.");
    struct str name = py_name(p->arena, def->name, PY_CAMEL);
    switch (def->type->kind) {
    case WIT_RECORD:
        buf_printf(out, "record(%" STR_FMT ", ", STR_ARG(name));
        append_fields(p, def, write_record_field, out);
        break;
    case WIT_VARIANT:
        buf_append_cstr(out, "variant(");
        append_fields(p, def, write_case_class, out);
        buf_append_cstr(out, ", ");
        append_fields(p, def, write_case_type, out);
        break;
    case WIT_FLAGS:
        buf_printf(out, "flags(%" STR_FMT ", %u", STR_ARG(name), def->type->count);
        break;
    default:
        buf_printf(out, "enum(%" STR_FMT, STR_ARG(name));
        break;
    }
    buf_append_cstr(out, ")\n");
}

/* ------------------------------------------------------------------------------- documentation */

static void indent_by(unsigned indent, struct buf *out)
{
    for (unsigned i = 0; i < indent; i++)
        buf_append_byte(out, ' ');
}

static void append_doc_line(struct str line, unsigned indent, struct buf *out)
{
    if (line.len > 0)
        indent_by(indent, out);
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '\\' || line.ptr[i] == '"')
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)line.ptr[i]);
    }
    buf_append_byte(out, '\n');
}

/* "Raises: `spin_sdk.wit.types.Err(spin_sdk.wit.imports.types.HeaderError)`" */
static void append_raises(
    const struct py *p, const struct wit_type *result, unsigned indent, struct buf *out)
{
    struct str module = p->options->module;
    indent_by(indent, out);
    buf_printf(out, "Raises: `%" STR_FMT ".types.Err(", STR_ARG(module));
    const struct wit_definition *def =
        result->err ? wit_resolve_definition(p->r, result->err) : NULL;
    const struct py_module *owner = def ? py_owner(p, def) : NULL;
    if (owner)
        buf_printf(out, "%" STR_FMT ".%s.%" STR_FMT ".", STR_ARG(module),
            owner->exported ? "exports" : "imports", STR_ARG(owner->name));
    if (def)
        buf_append_str(out, py_name(p->arena, def->name, PY_CAMEL));
    else if (result->err)
        py_annotation(p, result->err, NULL, out);
    else
        buf_append_cstr(out, "None");
    buf_append_cstr(out, ")`\n");
}

void py_docstring(const struct py *p, struct str docs, const struct wit_type *raises,
    unsigned indent, struct buf *out)
{
    if (docs.len == 0 && !raises)
        return;
    indent_by(indent, out);
    buf_append_cstr(out, "\"\"\"\n");
    struct str rest = docs;
    while (rest.len > 0) {
        ptrdiff_t end = str_find_byte(rest, '\n');
        struct str line = end < 0 ? rest : str_make(rest.ptr, (size_t)end);
        append_doc_line(line, indent, out);
        rest = end < 0 ? STR_EMPTY : str_skip(rest, (size_t)end + 1);
    }
    if (raises) {
        if (docs.len > 0)
            buf_append_byte(out, '\n');
        append_raises(p, raises, indent, out);
    }
    indent_by(indent, out);
    buf_append_cstr(out, "\"\"\"\n");
}

/* ------------------------------------------------------------------------------- classes */

struct str py_case_class(struct arena *a, const struct wit_definition *variant, uint32_t index)
{
    return str_of(
        arena_printf(a, "%" STR_FMT "_%" STR_FMT, STR_ARG(py_name(a, variant->name, PY_CAMEL)),
            STR_ARG(py_name(a, variant->type->fields[index].name, PY_CAMEL))));
}

static void define_record(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    buf_printf(
        out, "@dataclass\nclass %" STR_FMT ":\n", STR_ARG(py_name(p->arena, def->name, PY_CAMEL)));
    py_docstring(p, def->docs, NULL, 4, out);
    for (uint32_t i = 0; i < def->type->count; i++) {
        const struct wit_field *field = &def->type->fields[i];
        buf_printf(out, "    %" STR_FMT ": ", STR_ARG(py_name(p->arena, field->name, PY_SNAKE)));
        py_annotation(p, field->type, NULL, out);
        buf_append_byte(out, '\n');
    }
    buf_append_cstr(out, "\n\n");
}

/* Is there a type of this name beside the variant, so that an older name must not hide it? */
static bool is_class(const struct py *p, const struct wit_definition *def, struct str name)
{
    uint32_t count = def->interface ? def->interface->type_count : def->world->import_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct wit_definition *other =
            def->interface ? def->interface->types[i] : def->world->imports[i].type;
        if (other && str_equal(py_name(p->arena, other->name, PY_CAMEL), name))
            return true;
    }
    return false;
}

/* What WIT says of a case, or else whose case it is. */
static struct str case_docs(const struct py *p, const struct wit_definition *def, uint32_t index)
{
    if (def->member_docs[index].len > 0)
        return def->member_docs[index];
    return str_of(arena_printf(p->arena, "The case `%" STR_FMT "` of `%" STR_FMT "`.",
        STR_ARG(def->type->fields[index].name), STR_ARG(py_name(p->arena, def->name, PY_CAMEL))));
}

static void define_cases(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    for (uint32_t i = 0; i < def->type->count; i++) {
        const struct wit_field *field = &def->type->fields[i];
        buf_printf(
            out, "@dataclass\nclass %" STR_FMT ":\n", STR_ARG(py_case_class(p->arena, def, i)));
        py_docstring(p, case_docs(p, def, i), NULL, 4, out);
        if (field->type) {
            buf_append_cstr(out, "    value: ");
            py_annotation(p, field->type, NULL, out);
            buf_append_byte(out, '\n');
        }
        buf_append_cstr(out, "\n\n");
    }
}

static void define_variant(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    struct str name = py_name(p->arena, def->name, PY_CAMEL);
    define_cases(p, def, out);
    buf_printf(out, "%" STR_FMT " = Union[\n", STR_ARG(name));
    for (uint32_t i = 0; i < def->type->count; i++)
        buf_printf(out, "    %" STR_FMT ",\n", STR_ARG(py_case_class(p->arena, def, i)));
    buf_append_cstr(out, "]\n");
    py_docstring(p, def->docs, NULL, 0, out);
    for (uint32_t i = 0; i < def->type->count; i++) {
        struct str older = str_of(arena_printf(p->arena, "%" STR_FMT "%" STR_FMT,
            STR_ARG(py_case(p->arena, def->name, PY_CAMEL)),
            STR_ARG(py_case(p->arena, def->type->fields[i].name, PY_CAMEL))));
        if (!is_class(p, def, older))
            buf_printf(out, "%" STR_FMT " = %" STR_FMT "\n", STR_ARG(older),
                STR_ARG(py_case_class(p->arena, def, i)));
    }
    buf_append_cstr(out, "\n\n");
}

static void define_labels(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    bool flags = def->type->kind == WIT_FLAGS;
    buf_printf(out, "class %" STR_FMT "(%s):\n", STR_ARG(py_name(p->arena, def->name, PY_CAMEL)),
        flags ? "Flag" : "Enum");
    py_docstring(p, def->docs, NULL, 4, out);
    for (uint32_t i = 0; i < def->type->count; i++) {
        buf_printf(out, "    %" STR_FMT " = ",
            STR_ARG(py_case(p->arena, def->type->fields[i].name, PY_SHOUT)));
        if (flags)
            buf_append_cstr(out, "auto()\n");
        else
            buf_printf(out, "%u\n", i);
    }
    buf_append_cstr(out, "\n\n");
}

bool py_defines_names(const struct wit_definition *def)
{
    return def->kind == WIT_DEFINES && !def->resource;
}

void py_define(const struct py *p, const struct wit_definition *def, struct buf *out)
{
    if (def->type->kind == WIT_RECORD)
        define_record(p, def, out);
    else if (def->type->kind == WIT_VARIANT)
        define_variant(p, def, out);
    else
        define_labels(p, def, out);
}
