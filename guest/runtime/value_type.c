/* Descriptions of types: `_spindle.Type` and the functions of `_spindle.types` that make them. */
#include <stdlib.h>

#include "value.h"

/* More parts than any WIT has; keeps sizes far from overflowing. */
enum { PARTS_MAX = 10000 };

static uint32_t align_to(uint32_t offset, uint32_t align)
{
    return (offset + align - 1) & ~(align - 1);
}

static void set_scalar(struct value_type *type, uint32_t size)
{
    type->size = type->align = size;
    type->flat_count = 1;
}

static void lay_out_fields(struct value_type *type)
{
    type->align = 1;
    for (uint32_t i = 0; i < type->count; i++) {
        const struct value_type *part = type->parts[i];
        type->offsets[i] = align_to(type->size, part->align);
        type->size = type->offsets[i] + part->size;
        type->flat_count += part->flat_count;
        if (part->align > type->align)
            type->align = part->align;
    }
    type->size = align_to(type->size, type->align);
}

static void lay_out_cases(struct value_type *type)
{
    type->tag_size = type->count <= 256 ? 1 : type->count <= 65536 ? 2 : 4;
    uint32_t size = 0, align = 1, flat_count = 0;
    for (uint32_t i = 0; type->parts != NULL && i < type->count; i++) {
        const struct value_type *part = type->parts[i];
        if (part == NULL)
            continue;
        size = part->size > size ? part->size : size;
        align = part->align > align ? part->align : align;
        flat_count = part->flat_count > flat_count ? part->flat_count : flat_count;
    }
    type->payload_offset = align_to(type->tag_size, align);
    type->align = align > type->tag_size ? align : type->tag_size;
    type->size = align_to(type->payload_offset + size, type->align);
    type->flat_count = 1 + flat_count;
}

static void lay_out_flags(struct value_type *type)
{
    uint32_t count = type->count;
    if (count == 0) {
        type->align = 1;
    } else if (count <= 16) {
        set_scalar(type, count <= 8 ? 1 : 2);
    } else {
        type->flat_count = (count + 31) / 32;
        type->size = type->flat_count * 4;
        type->align = 4;
    }
}

static void lay_out(struct value_type *type)
{
    switch (type->kind) {
    case VALUE_BOOL:
    case VALUE_U8:
    case VALUE_S8:
        set_scalar(type, 1);
        break;
    case VALUE_U16:
    case VALUE_S16:
        set_scalar(type, 2);
        break;
    case VALUE_U32:
    case VALUE_S32:
    case VALUE_F32:
    case VALUE_CHAR:
    case VALUE_OWN:
    case VALUE_BORROW:
        set_scalar(type, 4);
        break;
    case VALUE_U64:
    case VALUE_S64:
    case VALUE_F64:
        set_scalar(type, 8);
        break;
    case VALUE_STRING:
    case VALUE_LIST:
        type->size = 8;
        type->align = 4;
        type->flat_count = 2;
        break;
    case VALUE_TUPLE:
    case VALUE_RECORD:
        lay_out_fields(type);
        break;
    case VALUE_OPTION:
    case VALUE_RESULT:
    case VALUE_VARIANT:
    case VALUE_ENUM:
        lay_out_cases(type);
        break;
    case VALUE_FLAGS:
        lay_out_flags(type);
        break;
    }
}

struct value_type *value_type_new(
    enum value_kind kind, uint32_t count, struct value_type *const *parts)
{
    struct value_type *type = PyObject_GC_New(struct value_type, &value_type_object);
    if (type == NULL)
        return NULL;
    memset((char *)type + sizeof(PyObject), 0, sizeof *type - sizeof(PyObject));
    type->kind = kind;
    type->count = count;
    if (parts != NULL) {
        type->parts = calloc(count + 1, sizeof *type->parts);
        type->offsets = calloc(count + 1, sizeof *type->offsets);
        if (type->parts == NULL || type->offsets == NULL) {
            Py_DECREF(type);
            PyErr_NoMemory();
            return NULL;
        }
    }
    for (uint32_t i = 0; parts != NULL && i < count; i++)
        type->parts[i] = (struct value_type *)Py_XNewRef((PyObject *)parts[i]);
    lay_out(type);
    PyObject_GC_Track(type);
    return type;
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    struct value_type *type = (struct value_type *)self;
    for (uint32_t i = 0; type->parts != NULL && i < type->count; i++)
        Py_VISIT((PyObject *)type->parts[i]);
    Py_VISIT(type->names);
    Py_VISIT(type->class);
    return 0;
}

static int clear(PyObject *self)
{
    struct value_type *type = (struct value_type *)self;
    for (uint32_t i = 0; type->parts != NULL && i < type->count; i++)
        Py_CLEAR(type->parts[i]);
    Py_CLEAR(type->names);
    Py_CLEAR(type->class);
    return 0;
}

static void dealloc(PyObject *self)
{
    struct value_type *type = (struct value_type *)self;
    PyObject_GC_UnTrack(self);
    clear(self);
    free(type->parts);
    free(type->offsets);
    PyObject_GC_Del(self);
}

PyTypeObject value_type_object = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spindle.Type",
    .tp_basicsize = sizeof(struct value_type),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_doc = "A type of the component model.",
    .tp_traverse = traverse,
    .tp_clear = clear,
    .tp_dealloc = dealloc,
};

/* A part as it is given from Python: a Type, or None where `optional`. */
static bool read_part(PyObject *object, bool optional, struct value_type **ret_part)
{
    *ret_part = object == Py_None ? NULL : (struct value_type *)object;
    if ((optional && object == Py_None) || PyObject_TypeCheck(object, &value_type_object))
        return true;
    PyErr_Format(PyExc_TypeError, "a type is expected, not %T", object);
    return false;
}

/* Parts from a sequence; free the array. NULL: a Python exception is set. */
static struct value_type **read_parts(PyObject *const *objects, Py_ssize_t count, bool optional)
{
    if (count > PARTS_MAX) {
        PyErr_SetString(PyExc_ValueError, "too many parts");
        return NULL;
    }
    struct value_type **parts = calloc((size_t)count + 1, sizeof(struct value_type *));
    if (parts == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; parts != NULL && i < count; i++) {
        if (!read_part(objects[i], optional, &parts[i])) {
            free(parts);
            return NULL;
        }
    }
    return parts;
}

static PyObject *make_of_parts(
    enum value_kind kind, PyObject *const *objects, Py_ssize_t count, bool optional)
{
    struct value_type **parts = read_parts(objects, count, optional);
    struct value_type *type = parts == NULL ? NULL : value_type_new(kind, (uint32_t)count, parts);
    free(parts);
    return (PyObject *)type;
}

static PyObject *make_list(PyObject *self, PyObject *element)
{
    (void)self;
    return make_of_parts(VALUE_LIST, &element, 1, false);
}

static PyObject *make_option(PyObject *self, PyObject *payload)
{
    (void)self;
    struct value_type *part;
    if (!read_part(payload, false, &part))
        return NULL;
    return (PyObject *)value_type_new(VALUE_OPTION, 2, (struct value_type *[]){NULL, part});
}

static PyObject *make_result(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "result(ok, err) takes two types");
        return NULL;
    }
    return make_of_parts(VALUE_RESULT, arguments, 2, true);
}

static PyObject *make_tuple(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    return make_of_parts(VALUE_TUPLE, arguments, count, false);
}

static PyObject *with_class(PyObject *type, PyObject *class)
{
    if (type != NULL)
        ((struct value_type *)type)->class = Py_NewRef(class);
    return type;
}

/* Splits (("name", T), ...) into names, interned, and types. */
static bool split_fields(PyObject *fields, PyObject **ret_names, PyObject **ret_types)
{
    Py_ssize_t count = PyTuple_GET_SIZE(fields);
    *ret_names = PyTuple_New(count);
    *ret_types = PyTuple_New(count);
    bool done = *ret_names != NULL && *ret_types != NULL;
    for (Py_ssize_t i = 0; done && i < count; i++) {
        PyObject *name, *type;
        done = PyArg_ParseTuple(PyTuple_GET_ITEM(fields, i), "UO", &name, &type);
        if (!done)
            break;
        Py_INCREF(name);
        PyUnicode_InternInPlace(&name);
        PyTuple_SET_ITEM(*ret_names, i, name);
        PyTuple_SET_ITEM(*ret_types, i, Py_NewRef(type));
    }
    return done;
}

static PyObject *make_record(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *class, *fields, *names = NULL, *types = NULL, *type = NULL;
    if (!PyArg_ParseTuple(arguments, "OO!:record", &class, &PyTuple_Type, &fields))
        return NULL;
    if (split_fields(fields, &names, &types))
        type = make_of_parts(
            VALUE_RECORD, &PyTuple_GET_ITEM(types, 0), PyTuple_GET_SIZE(types), false);
    if (type != NULL)
        ((struct value_type *)type)->names = Py_NewRef(names);
    Py_XDECREF(names);
    Py_XDECREF(types);
    return with_class(type, class);
}

static PyObject *make_variant(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *classes, *payloads;
    if (!PyArg_ParseTuple(
            arguments, "O!O!:variant", &PyTuple_Type, &classes, &PyTuple_Type, &payloads))
        return NULL;
    if (PyTuple_GET_SIZE(classes) != PyTuple_GET_SIZE(payloads)) {
        PyErr_SetString(PyExc_ValueError, "variant: as many payloads as classes are expected");
        return NULL;
    }
    PyObject *type = make_of_parts(
        VALUE_VARIANT, &PyTuple_GET_ITEM(payloads, 0), PyTuple_GET_SIZE(payloads), true);
    return with_class(type, classes);
}

static PyObject *make_enum(PyObject *self, PyObject *class)
{
    (void)self;
    Py_ssize_t count = PyObject_Size(class);
    if (count < 0)
        return NULL;
    return with_class((PyObject *)value_type_new(VALUE_ENUM, (uint32_t)count, NULL), class);
}

static PyObject *make_flags(PyObject *self, PyObject *arguments)
{
    (void)self;
    PyObject *class;
    unsigned count;
    if (!PyArg_ParseTuple(arguments, "OI:flags", &class, &count))
        return NULL;
    if (count > 64) {
        PyErr_SetString(PyExc_ValueError, "flags: at most 64 are supported");
        return NULL;
    }
    return with_class((PyObject *)value_type_new(VALUE_FLAGS, count, NULL), class);
}

/* A protocol that the application implements stands for what handles its objects. */
static PyObject *make_handle(enum value_kind kind, PyObject *class)
{
    PyObject *exported = NULL;
    if (PyObject_GetOptionalAttrString(class, "_exported", &exported) < 0)
        return NULL;
    bool is_exported = exported != NULL && exported_check(exported);
    PyObject *type =
        with_class((PyObject *)value_type_new(kind, 0, NULL), is_exported ? exported : class);
    Py_XDECREF(exported);
    return type;
}

static PyObject *make_own(PyObject *self, PyObject *class)
{
    (void)self;
    return make_handle(VALUE_OWN, class);
}

static PyObject *make_borrow(PyObject *self, PyObject *class)
{
    (void)self;
    return make_handle(VALUE_BORROW, class);
}

bool value_parameters(PyObject *parameters, struct value_type **ret_types, PyObject **ret_names)
{
    PyObject *types = NULL;
    *ret_names = NULL;
    if (split_fields(parameters, ret_names, &types))
        *ret_types = (struct value_type *)make_of_parts(
            VALUE_TUPLE, &PyTuple_GET_ITEM(types, 0), PyTuple_GET_SIZE(types), false);
    Py_XDECREF(types);
    return *ret_types != NULL;
}

static PyMethodDef functions[] = {
    {"list", make_list, METH_O, "list(T)"},
    {"option", make_option, METH_O, "option(T)"},
    {"result", (PyCFunction)(void (*)(void))make_result, METH_FASTCALL, "result(ok, err)"},
    {"tuple", (PyCFunction)(void (*)(void))make_tuple, METH_FASTCALL, "tuple(T, ...)"},
    {"record", make_record, METH_VARARGS, "record(class, ((name, T), ...))"},
    {"variant", make_variant, METH_VARARGS, "variant((class, ...), (T or None, ...))"},
    {"enum", make_enum, METH_O, "enum(class)"},
    {"flags", make_flags, METH_VARARGS, "flags(class, count)"},
    {"own", make_own, METH_O, "own(class)"},
    {"borrow", make_borrow, METH_O, "borrow(class)"},
    {NULL, NULL, 0, NULL},
};

bool value_types_prepare(PyObject *module)
{
    static const struct {
        const char *name;
        enum value_kind kind;
    } primitives[] = {
        {"bool", VALUE_BOOL},
        {"u8", VALUE_U8},
        {"s8", VALUE_S8},
        {"u16", VALUE_U16},
        {"s16", VALUE_S16},
        {"u32", VALUE_U32},
        {"s32", VALUE_S32},
        {"u64", VALUE_U64},
        {"s64", VALUE_S64},
        {"f32", VALUE_F32},
        {"f64", VALUE_F64},
        {"char", VALUE_CHAR},
        {"string", VALUE_STRING},
    };
    if (PyType_Ready(&value_type_object) < 0)
        return false;
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
        PyObject *type = (PyObject *)value_type_new(primitives[i].kind, 0, NULL);
        if (PyModule_Add(module, primitives[i].name, type) < 0)
            return false;
    }
    return PyModule_AddFunctions(module, functions) == 0;
}
