/* Functions of the host as Python callables: `_spindle.Function`. */
#include <stdlib.h>

#include "imports.h"
#include "value.h"

/* Results up to this size are received on the stack. */
enum { SMALL_RESULT = 128 };

struct function {
    PyObject_HEAD vectorcallfunc call;
    struct import import;
    PyObject *interface, *name;    /* "wasi:http/types@0.2.0", "[method]fields.get" */
    PyObject *shown_name;          /* "fields.get" */
    PyObject *parameter_names;     /* tuple */
    struct value_type *parameters; /* a tuple */
    struct value_type *result;     /* or NULL */
};

static bool store_arguments(const struct function *function, PyObject *const *arguments,
    struct value_scratch *scratch, uint8_t *memory)
{
    const struct value_type *types = function->parameters;
    for (uint32_t i = 0; i < types->count; i++) {
        scratch->parameter =
            PyUnicode_AsUTF8(PyTuple_GET_ITEM(function->parameter_names, (Py_ssize_t)i));
        if (!value_store(scratch, types->parts[i], arguments[i], memory + types->offsets[i]))
            return false;
    }
    return value_scratch_give(scratch);
}

/* What the result is received in: memory for the host, or the place of a flat value. */
static PyObject *call_host(const struct function *function, uint64_t *flat, uint32_t flat_count)
{
    const struct value_type *result = function->result;
    if (result == NULL) {
        uint64_t nothing;
        import_call(&function->import, flat, &nothing);
        Py_RETURN_NONE;
    }
    _Alignas(8) uint8_t small[SMALL_RESULT];
    uint8_t *memory = result->size <= sizeof small ? small : malloc(result->size);
    if (memory == NULL)
        return PyErr_NoMemory();
    if (result->flat_count > VALUE_FLAT_RESULTS) {
        flat[flat_count] = host_address(memory);
        import_call(&function->import, flat, NULL);
    } else {
        /* A single flat value is the first thing in the type's layout. */
        import_call(&function->import, flat, (uint64_t *)(void *)memory);
    }
    PyObject *object = value_lift(result, memory);
    if (memory != small)
        free(memory);
    return object;
}

/* result<T, E>: the T, or an exception. */
static PyObject *unwrap(PyObject *result)
{
    if (result == NULL)
        return NULL;
    if (PyObject_TypeCheck(result, (PyTypeObject *)value_class_err())) {
        PyErr_SetObject((PyObject *)Py_TYPE(result), result);
        Py_DECREF(result);
        return NULL;
    }
    PyObject *value = PyObject_GetAttr(result, value_name_value);
    Py_DECREF(result);
    return value;
}

static PyObject *run(
    const struct function *function, PyObject *const *arguments, struct value_scratch *scratch)
{
    const struct value_type *types = function->parameters;
    uint8_t *memory = value_scratch_alloc(scratch, types->size);
    if (memory == NULL || !store_arguments(function, arguments, scratch, memory))
        return NULL;
    uint64_t flat[VALUE_FLAT_PARAMS + 1];
    uint32_t flat_count = types->flat_count;
    if (flat_count > VALUE_FLAT_PARAMS) {
        flat[0] = host_address(memory);
        flat_count = 1;
    } else {
        value_flatten(types, memory, flat);
    }
    PyObject *result = call_host(function, flat, flat_count);
    bool can_fail = function->result != NULL && function->result->kind == VALUE_RESULT;
    return can_fail ? unwrap(result) : result;
}

static PyObject *function_call(
    PyObject *self, PyObject *const *arguments, size_t flags, PyObject *names)
{
    const struct function *function = (struct function *)self;
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    if (names != NULL || count != (Py_ssize_t)function->parameters->count)
        return PyErr_Format(PyExc_TypeError, "%U takes %u arguments (%zd given)",
            function->shown_name, function->parameters->count, count);
    if (!import_allowed(&function->import, PyUnicode_AsUTF8(function->interface),
            PyUnicode_AsUTF8(function->name)))
        return NULL;
    struct value_scratch scratch = {.function = PyUnicode_AsUTF8(function->shown_name)};
    PyObject *result = run(function, arguments, &scratch);
    value_scratch_release(&scratch);
    return result;
}

static int function_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct function *function = (struct function *)self;
    Py_VISIT(function->interface);
    Py_VISIT(function->name);
    Py_VISIT(function->shown_name);
    Py_VISIT(function->parameter_names);
    Py_VISIT((PyObject *)function->parameters);
    Py_VISIT((PyObject *)function->result);
    return 0;
}

static int function_clear(PyObject *self)
{
    struct function *function = (struct function *)self;
    Py_CLEAR(function->interface);
    Py_CLEAR(function->name);
    Py_CLEAR(function->shown_name);
    Py_CLEAR(function->parameter_names);
    Py_CLEAR(function->parameters);
    Py_CLEAR(function->result);
    return 0;
}

static void function_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    function_clear(self);
    PyObject_GC_Del(self);
}

static PyTypeObject function_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spindle.Function",
    .tp_basicsize = sizeof(struct function),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(struct function, call),
    .tp_call = PyVectorcall_Call,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_dealloc = function_dealloc,
    .tp_doc = "A function of the host.",
};

/* "[method]fields.get" as people write it. */
static PyObject *shown_name(const char *name)
{
    const char *end = name[0] == '[' ? strchr(name, ']') : NULL;
    return PyUnicode_FromString(end == NULL ? name : end + 1);
}

static PyObject *import_func(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *interface, *name;
    PyObject *parameters, *result;
    if (!PyArg_ParseTuple(
            arguments, "ssO!O:import_func", &interface, &name, &PyTuple_Type, &parameters, &result))
        return NULL;
    if (result != Py_None && !PyObject_TypeCheck(result, &value_type_object)) {
        PyErr_Format(PyExc_TypeError, "import_func: the result must be a type or None");
        return NULL;
    }
    struct import import;
    if (!import_find(interface, name, &import))
        return NULL;
    struct function *function = PyObject_GC_New(struct function, &function_type);
    if (function == NULL)
        return NULL;
    memset((char *)function + sizeof(PyObject), 0, sizeof *function - sizeof(PyObject));
    function->call = function_call;
    function->import = import;
    function->interface = PyUnicode_FromString(interface);
    function->name = PyUnicode_FromString(name);
    function->shown_name = shown_name(name);
    if (result != Py_None)
        function->result = (struct value_type *)Py_NewRef(result);
    PyObject_GC_Track(function);
    if (function->interface == NULL || function->name == NULL || function->shown_name == NULL ||
        !value_parameters(parameters, &function->parameters, &function->parameter_names)) {
        Py_DECREF(function);
        return NULL;
    }
    return (PyObject *)function;
}

static PyMethodDef functions[] = {
    {"import_func", import_func, METH_VARARGS,
        "import_func(interface, name, ((parameter, T), ...), result): a function of the host"},
    {NULL, NULL, 0, NULL},
};

bool function_prepare(PyObject *module)
{
    return PyType_Ready(&function_type) == 0 && PyModule_AddFunctions(module, functions) == 0;
}
