/* The component's export: one request, from the host's resources to the application and back. */
#include <stdlib.h>

#include "exports.h"
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

/*
 * Whether the class has a handle() of its own: then it gets the host's resources. -1: a Python
 * exception is set.
 */
static int overrides_handle(PyObject *base)
{
    PyObject *theirs = PyObject_GetAttrString((PyObject *)Py_TYPE(handler.object), "handle");
    PyObject *ours = PyObject_GetAttrString(base, "handle");
    int answer = theirs == NULL || ours == NULL ? -1 : theirs != ours;
    if (theirs == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear(); /* not derived from the SDK's class: handle_request is all it has */
        answer = 0;
    }
    Py_XDECREF(theirs);
    Py_XDECREF(ours);
    return answer;
}

static PyObject *make_object(void)
{
    PyObject *class = PyObject_GetAttrString(handler.app, "IncomingHandler");
    PyObject *object = class == NULL ? NULL : PyObject_CallNoArgs(class);
    Py_XDECREF(class);
    return object;
}

static bool bind_method(PyObject *base)
{
    int raw = overrides_handle(base);
    if (raw < 0)
        return false;
    if (raw)
        return raw_bind(PyObject_TypeCheck(handler.object, (PyTypeObject *)base));
    handler.method = PyObject_GetAttrString(handler.object, "handle_request");
    return handler.method != NULL;
}

static bool bind_sdk(PyObject *sdk)
{
    PyObject *base = PyObject_GetAttrString(sdk, "IncomingHandler");
    handler.request_type = PyObject_GetAttrString(sdk, "Request");
    handler.response_type = PyObject_GetAttrString(sdk, "Response");
    bool done = base != NULL && handler.request_type != NULL && handler.response_type != NULL &&
                bind_method(base);
    Py_XDECREF(base);
    return done;
}

bool application_bind(PyObject *app)
{
    handler.app = app;
    handler.environment = find_environment();
    return handler.environment != NULL && value_class_ok() != NULL && value_class_err() != NULL &&
           value_class_some() != NULL;
}

bool handler_bind(void)
{
    if (export_find(HANDLER_INTERFACE, "handle") == NULL)
        return true;
    handler.object = make_object();
    if (handler.object == NULL || !request_prepare() || !response_prepare())
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

/* Under hosts that reuse instances it is filled again. */
void refresh_environment(void)
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

void refresh_arguments(void)
{
    struct host_list list;
    import_wasi_cli_environment_get_arguments(host_address(&list));
    struct host_list *texts = (struct host_list *)list.data;
    PyObject *arguments = PyList_New(0);
    for (uint32_t i = 0; i < list.len; i++) {
        PyObject *text =
            PyUnicode_DecodeUTF8((char *)texts[i].data, (Py_ssize_t)texts[i].len, NULL);
        if (text == NULL || arguments == NULL || PyList_Append(arguments, text) < 0)
            print_exception();
        host_list_free(&texts[i]);
        Py_XDECREF(text);
    }
    host_list_free(&list);
    if (arguments == NULL || PySys_SetObject("argv", arguments) < 0)
        print_exception();
    Py_XDECREF(arguments);
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
