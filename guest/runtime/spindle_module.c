/* The built-in module `_spindle`: what generated modules and the preparation use. */
#include "libc/host.h"
#include "libc/vfs.h"
#include "outgoing.h"
#include "value.h"

/* embed(path, data): the file is there at run time too. */
static PyObject *embed(PyObject *self, PyObject *arguments)
{
    (void)self;
    const char *path;
    Py_ssize_t path_len;
    Py_buffer data;
    if (!PyArg_ParseTuple(arguments, "s#y*:embed", &path, &path_len, &data))
        return NULL;
    bool done = vfs_add(path, (size_t)path_len, data.buf, (size_t)data.len);
    PyBuffer_Release(&data);
    if (!done)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* discard(path): the embedded file is not needed any more. */
static PyObject *discard(PyObject *self, PyObject *path)
{
    (void)self;
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(path, &len);
    if (text == NULL)
        return NULL;
    vfs_discard(text, (size_t)len);
    Py_RETURN_NONE;
}

/* embedded_names(directory): of its files and directories */
static PyObject *embedded_names(PyObject *self, PyObject *directory)
{
    (void)self;
    Py_ssize_t directory_len;
    const char *path = PyUnicode_AsUTF8AndSize(directory, &directory_len);
    PyObject *names = path == NULL ? NULL : PyList_New(0);
    size_t position = 0, len;
    const char *name;
    const struct vfs_file *file;
    while (names != NULL && vfs_next(path, (size_t)directory_len, &position, &name, &len, &file)) {
        PyObject *string = PyUnicode_DecodeFSDefaultAndSize(name, (Py_ssize_t)len);
        if (string == NULL || PyList_Append(names, string) < 0)
            Py_CLEAR(names);
        Py_XDECREF(string);
    }
    return names;
}

/* program_name(): the first of the host's arguments, or None */
static PyObject *program_name(PyObject *self, PyObject *none)
{
    (void)self;
    (void)none;
    struct host_list arguments;
    import_wasi_cli_environment_get_arguments(host_address(&arguments));
    const struct host_list *texts = (const struct host_list *)arguments.data;
    PyObject *name = arguments.len == 0 ? Py_NewRef(Py_None)
                                        : PyUnicode_DecodeUTF8((const char *)texts[0].data,
                                              (Py_ssize_t)texts[0].len, "replace");
    for (uint32_t i = 0; i < arguments.len; i++)
        host_list_free(&texts[i]);
    host_list_free(&arguments);
    return name;
}

static PyMethodDef functions[] = {
    {"program_name", program_name, METH_NOARGS,
        "program_name(): what the host calls the component, or None"},
    {"embedded_names", embedded_names, METH_O, "embedded_names(directory): a list"},
    {"discard", discard, METH_O, "discard(path): an embedded file that is not needed any more"},
    {"embed", embed, METH_VARARGS, "embed(path, data): a file for run time"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef types_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_spindle.types",
    .m_doc = "Types of the component model.",
    .m_size = -1,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_spindle",
    .m_doc = "The host's functions, for modules generated from WIT.",
    .m_size = -1,
    .m_methods = functions,
};

PyObject *PyInit__spindle(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *types = PyModule_Create(&types_definition);
    value_name_value = runtime_string("value");
    if (module == NULL || types == NULL || value_name_value == NULL ||
        !value_types_prepare(types) || !resource_prepare(module) || !function_prepare(module) ||
        !exported_prepare(module) || !outgoing_prepare(module) ||
        PyModule_AddObjectRef(module, "types", types) < 0)
        Py_CLEAR(module);
    Py_XDECREF(types);
    return module;
}
