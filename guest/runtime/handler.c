/* The component's export: one request, from the host's resources to the application and back. */
#include <stdlib.h>

#include "http_host.h"
#include "request.h"

struct handler handler;

PyObject *runtime_strings[RUNTIME_STRINGS_MAX];
size_t runtime_string_count;

PyObject *runtime_keep(PyObject *object)
{
    if (object == NULL)
        return NULL;
    if (runtime_string_count == RUNTIME_STRINGS_MAX)
        Py_FatalError("more kept objects than RUNTIME_STRINGS_MAX");
    return runtime_strings[runtime_string_count++] = object;
}

PyObject *runtime_string(const char *text)
{
    return runtime_keep(PyUnicode_InternFromString(text));
}

void print_exception(void)
{
    PyObject *exception = PyErr_GetRaisedException();
    if (exception == NULL)
        return;
    PyErr_DisplayException(exception);
    Py_DECREF(exception);
    PyErr_Clear();
}

/* os.environ's dict, from bytes to bytes. */
static PyObject *find_environment(void)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *variables = os == NULL ? NULL : PyObject_GetAttrString(os, "environ");
    PyObject *data = variables == NULL ? NULL : PyObject_GetAttrString(variables, "_data");
    Py_XDECREF(os);
    Py_XDECREF(variables);
    if (data != NULL && !PyDict_Check(data)) {
        PyErr_SetString(PyExc_TypeError, "os.environ is not what it should be");
        Py_CLEAR(data);
    }
    return data;
}

/* Whether the class has a handle() of its own: then it gets the host's resources. */
static int overrides_handle(PyObject *sdk)
{
    PyObject *base = PyObject_GetAttrString(sdk, "IncomingHandler");
    PyObject *theirs = PyObject_GetAttrString((PyObject *)Py_TYPE(handler.object), "handle");
    PyObject *ours = base == NULL ? NULL : PyObject_GetAttrString(base, "handle");
    int answer = theirs == NULL || ours == NULL ? -1 : theirs != ours;
    if (theirs == NULL && base != NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear(); /* not derived from the SDK's class: handle_request is all it has */
        answer = 0;
    }
    Py_XDECREF(base);
    Py_XDECREF(theirs);
    Py_XDECREF(ours);
    return answer;
}

static PyObject *make_object(PyObject *app)
{
    PyObject *class = PyObject_GetAttrString(app, "IncomingHandler");
    PyObject *object = class == NULL ? NULL : PyObject_CallNoArgs(class);
    Py_XDECREF(class);
    return object;
}

static bool bind_sdk(PyObject *sdk)
{
    handler.request_type = PyObject_GetAttrString(sdk, "Request");
    handler.response_type = PyObject_GetAttrString(sdk, "Response");
    if (handler.request_type == NULL || handler.response_type == NULL)
        return false;
    int raw = overrides_handle(sdk);
    if (raw < 0)
        return false;
    if (raw)
        return raw_bind();
    handler.method = PyObject_GetAttrString(handler.object, "handle_request");
    return handler.method != NULL;
}

bool handler_bind(PyObject *app)
{
    handler.app = app;
    handler.object = make_object(app);
    if (handler.object == NULL || !request_prepare() || !response_prepare())
        return false;
    handler.environment = find_environment();
    if (handler.environment == NULL)
        return false;
    PyObject *sdk = PyImport_ImportModule("spin_sdk.http");
    bool done = sdk != NULL && bind_sdk(sdk);
    Py_XDECREF(sdk);
    return done;
}

static PyObject *take_bytes(struct host_list *text)
{
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)text->data, (Py_ssize_t)text->len);
    host_list_free(text);
    return bytes;
}

/* Fills os.environ from the host. Under hosts that reuse instances it is filled again. */
static void refresh_environment(void)
{
    struct host_list list;
    http_host->environment(host_address(&list));
    /* list<tuple<string, string>> is laid out like a list of headers. */
    struct http_header *variables = (struct http_header *)list.data;
    for (uint32_t i = 0; i < list.len; i++) {
        PyObject *name = take_bytes(&variables[i].name);
        PyObject *value = take_bytes(&variables[i].value);
        if (name == NULL || value == NULL || PyDict_SetItem(handler.environment, name, value) < 0)
            print_exception();
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    host_list_free(&list);
}

static bool answer(uint32_t request, uint32_t outparam, PyObject *method)
{
    PyObject *object = request_read(request);
    PyObject *response = object == NULL ? NULL : PyObject_CallOneArg(method, object);
    Py_XDECREF(object);
    if (response == NULL)
        return false;
    bool sent = response_send(response, outparam);
    Py_DECREF(response);
    return sent;
}

void handle_with(uint32_t request, uint32_t outparam, PyObject *method)
{
    if (answer(request, outparam, method))
        return;
    print_exception();
    response_send_empty(500, outparam);
}

GUEST_EXPORT("wasi:http/incoming-handler@0.2.0#handle")
void incoming_handler_handle(uint32_t request, uint32_t outparam)
{
    refresh_environment();
    if (handler.method == NULL)
        raw_handle(request, outparam);
    else
        handle_with(request, outparam, handler.method);
}
