/*
 * Resources of the host as Python objects. The object of a generated class has two attributes:
 * `handle`, a number or None, and `finalizer`, which drops the handle when it is called or when it
 * goes away with the object.
 */
#include "imports.h"
#include "value.h"

/* Drops handles of one resource type: `_spindle.Drop`, callable with a handle. */
struct drop {
    PyObject_HEAD vectorcallfunc call;
    struct import import;
};

/* `_spindle.Finalizer` */
struct finalizer {
    PyObject_HEAD vectorcallfunc call;
    struct drop *drop;
    uint32_t handle;
    bool alive;
};

PyObject *resource_borrows;

static PyObject *name_handle, *name_finalizer, *name_drop, *name_detach;
static PyTypeObject drop_type, finalizer_type;

static void drop_handle(const struct drop *drop, uint32_t handle)
{
    uint64_t flat = handle, result;
    if (drop->import.kind != IMPORT_ABSENT)
        import_call(&drop->import, &flat, &result);
}

static PyObject *drop_call(
    PyObject *self, PyObject *const *arguments, size_t flags, PyObject *names)
{
    if (PyVectorcall_NARGS(flags) != 1 || names != NULL) {
        PyErr_SetString(PyExc_TypeError, "a handle is expected");
        return NULL;
    }
    unsigned long handle = PyLong_AsUnsignedLong(arguments[0]);
    if (handle == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    drop_handle((struct drop *)self, (uint32_t)handle);
    Py_RETURN_NONE;
}

static void drop_dealloc(PyObject *self)
{
    PyObject_Free(self);
}

static PyTypeObject drop_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spindle.Drop",
    .tp_basicsize = sizeof(struct drop),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(struct drop, call),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = drop_dealloc,
    .tp_doc = "Drops a handle.",
};

static PyObject *finalizer_call(
    PyObject *self, PyObject *const *arguments, size_t flags, PyObject *names)
{
    (void)arguments, (void)flags, (void)names;
    struct finalizer *finalizer = (struct finalizer *)self;
    if (finalizer->alive) {
        finalizer->alive = false;
        drop_handle(finalizer->drop, finalizer->handle);
    }
    Py_RETURN_NONE;
}

static PyObject *finalizer_detach(PyObject *self, PyObject *unused)
{
    (void)unused;
    ((struct finalizer *)self)->alive = false;
    Py_RETURN_NONE;
}

static PyObject *finalizer_alive(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((struct finalizer *)self)->alive);
}

static void finalizer_dealloc(PyObject *self)
{
    struct finalizer *finalizer = (struct finalizer *)self;
    if (finalizer->alive)
        drop_handle(finalizer->drop, finalizer->handle);
    Py_DECREF(finalizer->drop);
    PyObject_Free(self);
}

static PyMethodDef finalizer_methods[] = {
    {"detach", finalizer_detach, METH_NOARGS, "Gives the handle up without dropping it."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef finalizer_attributes[] = {
    {"alive", finalizer_alive, NULL, "Whether the handle is still to be dropped.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyTypeObject finalizer_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spindle.Finalizer",
    .tp_basicsize = sizeof(struct finalizer),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(struct finalizer, call),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = finalizer_dealloc,
    .tp_methods = finalizer_methods,
    .tp_getset = finalizer_attributes,
    .tp_doc = "Drops a handle, once.",
};

static PyObject *make_finalizer(PyObject *class, uint32_t handle)
{
    PyObject *drop = PyObject_GetAttr(class, name_drop);
    if (drop != NULL && !Py_IS_TYPE(drop, &drop_type)) {
        PyErr_Format(PyExc_TypeError, "%R is no resource of the host", class);
        Py_CLEAR(drop);
    }
    struct finalizer *finalizer =
        drop == NULL ? NULL : PyObject_New(struct finalizer, &finalizer_type);
    if (finalizer == NULL) {
        Py_XDECREF(drop);
        return NULL;
    }
    finalizer->call = finalizer_call;
    finalizer->drop = (struct drop *)drop;
    finalizer->handle = handle;
    finalizer->alive = true;
    return (PyObject *)finalizer;
}

PyObject *resource_lift(PyObject *class, uint32_t handle)
{
    static PyObject *no_arguments;
    if (no_arguments == NULL)
        no_arguments = runtime_keep(PyTuple_New(0));
    PyObject *object = PyBaseObject_Type.tp_new((PyTypeObject *)class, no_arguments, NULL);
    PyObject *number = PyLong_FromUnsignedLong(handle);
    PyObject *finalizer = make_finalizer(class, handle);
    if (object == NULL || number == NULL || finalizer == NULL ||
        PyObject_SetAttr(object, name_handle, number) < 0 ||
        PyObject_SetAttr(object, name_finalizer, finalizer) < 0)
        Py_CLEAR(object);
    Py_XDECREF(number);
    Py_XDECREF(finalizer);
    return object;
}

bool resource_handle(
    struct value_scratch *scratch, PyObject *class, PyObject *object, uint32_t *ret_handle)
{
    const char *name = ((PyTypeObject *)class)->tp_name;
    if (!PyObject_TypeCheck(object, (PyTypeObject *)class)) {
        PyErr_Format(PyExc_TypeError, "%s: %s must be %s, not %T", scratch->function,
            scratch->parameter, name, object);
        return false;
    }
    PyObject *handle = PyObject_GetAttr(object, name_handle);
    if (handle == NULL || !PyLong_Check(handle)) {
        PyErr_Format(PyExc_ValueError, "%s: %s: this %s has been closed or given away",
            scratch->function, scratch->parameter, name);
        Py_XDECREF(handle);
        return false;
    }
    *ret_handle = (uint32_t)PyLong_AsUnsignedLongMask(handle);
    Py_DECREF(handle);
    return !PyErr_Occurred();
}

bool resource_give(PyObject *object)
{
    PyObject *finalizer = PyObject_GetAttr(object, name_finalizer);
    PyObject *result = finalizer == NULL ? NULL : PyObject_CallMethodNoArgs(finalizer, name_detach);
    Py_XDECREF(finalizer);
    Py_XDECREF(result);
    return result != NULL && PyObject_SetAttr(object, name_handle, Py_None) == 0;
}

void resource_return(PyObject *borrows)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(borrows); i++) {
        PyObject *object = PyList_GET_ITEM(borrows, i);
        PyObject *finalizer = PyObject_GetAttr(object, name_finalizer);
        PyObject *result = finalizer == NULL ? NULL : PyObject_CallNoArgs(finalizer);
        if (result == NULL || PyObject_SetAttr(object, name_handle, Py_None) < 0)
            print_exception();
        Py_XDECREF(finalizer);
        Py_XDECREF(result);
    }
}

static PyObject *drop_func(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *interface, *resource;
    if (!PyArg_ParseTuple(arguments, "ss:drop_func", &interface, &resource))
        return NULL;
    char name[256];
    if (PyOS_snprintf(name, sizeof name, "[resource-drop]%s", resource) >= (int)sizeof name) {
        PyErr_SetString(PyExc_ValueError, "the resource's name is too long");
        return NULL;
    }
    struct import import;
    if (!import_find(interface, name, &import))
        return NULL;
    struct drop *drop = PyObject_New(struct drop, &drop_type);
    if (drop == NULL)
        return NULL;
    drop->call = drop_call;
    drop->import = import;
    return (PyObject *)drop;
}

static PyMethodDef functions[] = {
    {"drop_func", drop_func, METH_VARARGS,
        "drop_func(interface, resource): what drops handles of the resource"},
    {NULL, NULL, 0, NULL},
};

bool resource_prepare(PyObject *module)
{
    name_handle = runtime_string("handle");
    name_finalizer = runtime_string("finalizer");
    name_drop = runtime_string("_drop");
    name_detach = runtime_string("detach");
    return name_handle && name_finalizer && name_drop && name_detach &&
           PyType_Ready(&drop_type) == 0 && PyType_Ready(&finalizer_type) == 0 &&
           PyModule_AddObjectRef(module, "Finalizer", (PyObject *)&finalizer_type) == 0 &&
           PyModule_AddFunctions(module, functions) == 0;
}
