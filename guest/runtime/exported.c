/*
 * Resources that the application implements. The number behind a handle is the address of the
 * Python object, and the handle holds a reference to it.
 */
#include "imports.h"
#include "value.h"

/* `_spindle.Exported`: one resource type of an exported interface. */
struct exported {
    PyObject_HEAD struct import new, rep, drop;
};

static PyTypeObject exported_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spindle.Exported",
    .tp_basicsize = sizeof(struct exported),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_doc = "A resource that the application implements.",
};

bool exported_check(PyObject *object)
{
    return Py_IS_TYPE(object, &exported_type);
}

/* One of the functions, which take and give one number. */
static uint32_t call(const struct import *import, uint32_t argument)
{
    uint64_t flat = argument, result = 0;
    if (import->kind != IMPORT_ABSENT)
        import_call(import, &flat, &result);
    return (uint32_t)result;
}

PyObject *exported_lift(PyObject *exported, bool own, uint32_t handle)
{
    const struct exported *resource = (struct exported *)exported;
    if (!own)
        return Py_NewRef((PyObject *)(uintptr_t)handle);
    PyObject *object = Py_NewRef((PyObject *)(uintptr_t)call(&resource->rep, handle));
    call(&resource->drop, handle);
    return object;
}

bool exported_lower(PyObject *exported, PyObject *object, uint32_t *ret_handle)
{
    const struct exported *resource = (struct exported *)exported;
    if (resource->new.kind == IMPORT_ABSENT) {
        PyErr_SetString(PyExc_RuntimeError, "the resource is not exported by this component");
        return false;
    }
    *ret_handle = call(&resource->new, host_address(Py_NewRef(object)));
    return true;
}

void exported_destroy(uint32_t number)
{
    Py_DECREF((PyObject *)(uintptr_t)number);
}

static bool find(
    const char *interface, const char *prefix, const char *resource, struct import *ret_import)
{
    PyObject *module = PyUnicode_FromFormat("[export]%s", interface);
    PyObject *name = PyUnicode_FromFormat("%s%s", prefix, resource);
    bool found = module != NULL && name != NULL &&
                 import_find(PyUnicode_AsUTF8(module), PyUnicode_AsUTF8(name), ret_import);
    Py_XDECREF(module);
    Py_XDECREF(name);
    return found;
}

static PyObject *export_resource(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *interface, *resource;
    if (!PyArg_ParseTuple(arguments, "ss:export_resource", &interface, &resource))
        return NULL;
    struct exported *exported = PyObject_New(struct exported, &exported_type);
    if (exported == NULL)
        return NULL;
    if (!find(interface, "[resource-new]", resource, &exported->new) ||
        !find(interface, "[resource-rep]", resource, &exported->rep) ||
        !find(interface, "[resource-drop]", resource, &exported->drop))
        Py_CLEAR(exported);
    return (PyObject *)exported;
}

static PyMethodDef functions[] = {
    {"export_resource", export_resource, METH_VARARGS,
        "export_resource(interface, resource): what handles objects of the application"},
    {NULL, NULL, 0, NULL},
};

bool exported_prepare(PyObject *module)
{
    return PyType_Ready(&exported_type) == 0 && PyModule_AddFunctions(module, functions) == 0;
}
