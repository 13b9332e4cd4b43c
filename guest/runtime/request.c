#include "request.h"

#include <stdlib.h>

#include "http_host.h"

/* The body is read in parts of at most this size. */
enum { BODY_PART = 1 << 20 };

/* In the order of wasi:http/types.method. */
static const char *const method_names[HTTP_METHOD_OTHER] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
static PyObject *methods[HTTP_METHOD_OTHER];
static PyObject *root_path, *no_bytes;

bool request_prepare(void)
{
    for (size_t i = 0; i < HTTP_METHOD_OTHER; i++) {
        methods[i] = runtime_string(method_names[i]);
        if (methods[i] == NULL)
            return false;
    }
    root_path = runtime_string("/");
    no_bytes = runtime_keep(PyBytes_FromStringAndSize(NULL, 0));
    return root_path != NULL && no_bytes != NULL;
}

/* Text of the host, which need not be UTF-8 if it is a header's value. Frees it. */
static PyObject *take_text(struct host_list *text)
{
    PyObject *string = PyUnicode_DecodeUTF8((const char *)text->data, text->len, "surrogateescape");
    host_list_free(text);
    return string;
}

static PyObject *read_method(uint32_t request)
{
    struct http_method method;
    http_host->request_method(request, host_address(&method));
    if (method.which < HTTP_METHOD_OTHER)
        return Py_NewRef(methods[method.which]);
    return take_text(&method.name);
}

static PyObject *read_path(uint32_t request)
{
    struct http_optional_text path;
    http_host->request_path(request, host_address(&path));
    return path.present ? take_text(&path.text) : Py_NewRef(root_path);
}

/* Frees the header's texts. */
static bool add_header(PyObject *headers, struct http_header *header)
{
    PyObject *name = take_text(&header->name);
    PyObject *value = take_text(&header->value);
    bool done = name != NULL && value != NULL && PyDict_SetItem(headers, name, value) == 0;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return done;
}

static PyObject *read_headers(uint32_t request)
{
    uint32_t fields = http_host->request_headers(request);
    struct host_list list;
    http_host->fields_entries(fields, host_address(&list));
    http_host->fields_drop(fields);
    PyObject *headers = PyDict_New();
    bool done = headers != NULL;
    struct http_header *entries = (struct http_header *)list.data;
    for (uint32_t i = 0; i < list.len && done; i++)
        done = add_header(headers, &entries[i]);
    host_list_free(&list);
    if (!done)
        Py_CLEAR(headers);
    return headers;
}

/* Appends to *body, which is NULL before the first part. Frees the part. */
static bool append_part(PyObject **body, struct host_list *part)
{
    if (part->len == 0)
        return true;
    Py_ssize_t before = *body == NULL ? 0 : PyBytes_GET_SIZE(*body);
    if (*body == NULL)
        *body = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)part->len);
    else
        _PyBytes_Resize(body, before + (Py_ssize_t)part->len);
    if (*body != NULL)
        memcpy(PyBytes_AS_STRING(*body) + before, part->data, part->len);
    host_list_free(part);
    return *body != NULL;
}

static PyObject *read_stream(uint32_t stream)
{
    PyObject *body = NULL;
    for (;;) {
        struct host_stream_result result;
        http_host->input_read(stream, BODY_PART, host_address(&result));
        if (!result.failed) {
            if (append_part(&body, &result.list))
                continue;
            return NULL;
        }
        if (host_stream_closed(&result))
            return body == NULL ? Py_NewRef(no_bytes) : body;
        Py_XDECREF(body);
        PyErr_SetString(PyExc_ConnectionError, "the request's body ended early");
        return NULL;
    }
}

static PyObject *read_body(uint32_t request)
{
    struct http_handle_result body, stream;
    http_host->request_consume(request, host_address(&body));
    if (body.failed)
        return Py_NewRef(no_bytes);
    http_host->body_stream(body.handle, host_address(&stream));
    PyObject *bytes = stream.failed ? Py_NewRef(no_bytes) : read_stream(stream.handle);
    if (!stream.failed)
        http_host->input_drop(stream.handle);
    http_host->body_drop(body.handle);
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
