#include "request.h"

#include "message.h"

static PyObject *methods[HTTP_METHOD_OTHER];
static PyObject *root_path;

bool request_prepare(void)
{
    for (size_t i = 0; i < HTTP_METHOD_OTHER; i++) {
        methods[i] = runtime_string(http_method_names[i]);
        if (methods[i] == NULL)
            return false;
    }
    root_path = runtime_string("/");
    return root_path != NULL;
}

/* Texts of clients need not be UTF-8. */
static const char errors[] = "surrogateescape";

static PyObject *read_method(uint32_t request)
{
    struct http_method method;
    http_host->request_method(request, host_address(&method));
    if (method.which < HTTP_METHOD_OTHER)
        return Py_NewRef(methods[method.which]);
    return message_text(&method.name, errors);
}

static PyObject *read_path(uint32_t request)
{
    struct http_optional_text path;
    http_host->request_path(request, host_address(&path));
    return path.present ? message_text(&path.text, errors) : Py_NewRef(root_path);
}

static PyObject *read_headers(uint32_t request)
{
    return message_headers(http_host->request_headers(request), errors);
}

static PyObject *read_body(uint32_t request)
{
    struct http_handle_result body;
    http_host->request_consume(request, host_address(&body));
    if (body.failed)
        return PyBytes_FromStringAndSize(NULL, 0);
    struct host_stream_result failure;
    PyObject *bytes = message_body(body.handle, SIZE_MAX, &failure);
    if (bytes == NULL && failure.failed) {
        host_stream_closed(&failure);
        PyErr_SetString(PyExc_ConnectionError, "the request's body ended early");
    }
    return bytes;
}

PyObject *request_read(uint32_t request)
{
    PyObject *parts[4] = {read_method(request), NULL, NULL, NULL};
    if (parts[0] != NULL)
        parts[1] = read_path(request);
    if (parts[1] != NULL)
        parts[2] = read_headers(request);
    if (parts[2] != NULL)
        parts[3] = read_body(request);
    http_host->request_drop(request);
    PyObject *object =
        parts[3] == NULL ? NULL : PyObject_Vectorcall(handler.request_type, parts, 4, NULL);
    for (size_t i = 0; i < 4; i++)
        Py_XDECREF(parts[i]);
    return object;
}
