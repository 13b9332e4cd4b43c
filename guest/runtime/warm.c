/*
 * Warming: what a request does for the first time is done before the memory is sealed, for what it
 * does is thrown away with it.
 */
#include "http_host.h"
#include "runtime.h"

/* Enough for the interpreter to adapt its code to what it does (it looks at the second and later
 * runs), and for free lists to fill. */
enum { REQUESTS = 24 };

static bool call_prepare(const char *function, PyObject *argument)
{
    PyObject *module = PyImport_ImportModule("_spindle_prepare");
    PyObject *method = module == NULL ? NULL : PyObject_GetAttrString(module, function);
    PyObject *result = method == NULL ? NULL : PyObject_CallFunctionObjArgs(method, argument, NULL);
    Py_XDECREF(module);
    Py_XDECREF(method);
    if (result == NULL)
        print_exception();
    Py_XDECREF(result);
    return result != NULL;
}

bool warm_modules(PyObject *app)
{
    return call_prepare("prepare", app);
}

/* The built-in handler: it reads the request and makes a response, like most. */
static PyObject *respond(PyObject *self, PyObject *request)
{
    (void)self;
    PyObject *uri = PyObject_GetAttrString(request, "uri");
    PyObject *response = uri == NULL ? NULL
                                     : PyObject_CallFunction(handler.response_type, "i{ss}y", 200,
                                           "content-type", "text/plain", "Hello");
    Py_XDECREF(uri);
    return response;
}

static PyObject *fail(PyObject *self, PyObject *request)
{
    (void)self;
    (void)request;
    PyErr_SetString(PyExc_ValueError, "a built-in handler that fails");
    return NULL;
}

static PyMethodDef respond_definition = {"respond", respond, METH_O, NULL};
static PyMethodDef fail_definition = {"fail", fail, METH_O, NULL};

static void run_requests(PyMethodDef *definition, int count)
{
    PyObject *method = PyCFunction_New(definition, NULL);
    if (method == NULL)
        return print_exception();
    for (int i = 0; i < count; i++)
        handle_with(1, 1, method);
    Py_DECREF(method);
}

/* Runs requests whose tracebacks nobody sees. */
static void run_failing_requests(void)
{
    PyObject *module = PyImport_ImportModule("io");
    PyObject *text = module == NULL ? NULL : PyObject_CallMethod(module, "StringIO", NULL);
    PyObject *stderr_object = Py_XNewRef(PySys_GetObject("stderr"));
    if (text != NULL && PySys_SetObject("stderr", text) == 0)
        run_requests(&fail_definition, 3);
    PySys_SetObject("stderr", stderr_object);
    Py_XDECREF(stderr_object);
    Py_XDECREF(text);
    Py_XDECREF(module);
}

bool warm_requests(void)
{
    if (handler.object != NULL) {
        http_host = &http_host_stub;
        run_failing_requests();
        run_requests(&respond_definition, REQUESTS);
        bool done = call_prepare("send_requests", NULL);
        http_host = &http_host_wasi;
        if (!done)
            return false;
    }
    return call_prepare("finish", NULL);
}
