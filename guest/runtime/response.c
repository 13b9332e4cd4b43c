#include <stdlib.h>

#include "http_host.h"
#include "request.h"

/* Most headers of a response; the host has a limit of its own. */
enum { HEADER_MAX = 4096, HEADER_FEW = 16, STATUS_FIRST = 100, STATUS_LAST = 999 };

static PyObject *name_status, *name_headers, *name_body, *name_items;

/* A response as the host takes it. Texts and body point into Python objects that are held here. */
struct response {
    unsigned status;
    struct http_header *headers; /* `few`, or allocated */
    uint32_t header_count;
    struct http_header few[HEADER_FEW + 1];
    PyObject *items; /* list of pairs: owns the names' and values' text, with `headers_object` */
    PyObject *headers_object;
    Py_buffer body; /* .obj NULL: no body */
    char length_text[12];
};

bool response_prepare(void)
{
    name_status = runtime_string("status");
    name_headers = runtime_string("headers");
    name_body = runtime_string("body");
    name_items = runtime_string("items");
    return name_status && name_headers && name_body && name_items;
}

static bool read_status(PyObject *object, struct response *response)
{
    PyObject *status = PyObject_GetAttr(object, name_status);
    if (status == NULL)
        return false;
    if (!PyLong_Check(status)) {
        PyErr_Format(PyExc_TypeError, "Response.status must be an int, not %T", status);
        Py_DECREF(status);
        return false;
    }
    int overflow;
    long number = PyLong_AsLongAndOverflow(status, &overflow);
    Py_DECREF(status);
    if (overflow != 0 || number < STATUS_FIRST || number > STATUS_LAST) {
        PyErr_Format(PyExc_ValueError, "Response.status must be from 100 to 999");
        return false;
    }
    response->status = (unsigned)number;
    return true;
}

static bool read_text(PyObject *string, const char *what, struct host_list *ret_text)
{
    if (!PyUnicode_Check(string)) {
        PyErr_Format(PyExc_TypeError, "Response.headers: a %s must be a str, not %T", what, string);
        return false;
    }
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(string, &len);
    if (text == NULL)
        return false;
    *ret_text = (struct host_list){(uint8_t *)text, (uint32_t)len};
    return true;
}

static bool is_content_length(const struct host_list *name)
{
    static const char text[] = "content-length";
    return name->len == sizeof text - 1 &&
           PyOS_strnicmp((const char *)name->data, text, sizeof text - 1) == 0;
}

static bool reserve_headers(struct response *response, Py_ssize_t count)
{
    response->headers = response->few;
    if (count <= HEADER_FEW)
        return true;
    if (count > HEADER_MAX) {
        PyErr_Format(PyExc_ValueError, "Response.headers: more than %d headers", HEADER_MAX);
        return false;
    }
    response->headers = malloc(((size_t)count + 1) * sizeof *response->headers);
    if (response->headers == NULL)
        PyErr_NoMemory();
    return response->headers != NULL;
}

static bool add_header(struct response *response, PyObject *name, PyObject *value)
{
    struct http_header *header = &response->headers[response->header_count];
    if (!read_text(name, "name", &header->name) || !read_text(value, "value", &header->value))
        return false;
    response->header_count++;
    return true;
}

static bool read_dict(PyObject *dict, struct response *response)
{
    if (!reserve_headers(response, PyDict_GET_SIZE(dict)))
        return false;
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (PyDict_Next(dict, &position, &name, &value)) {
        if (!add_header(response, name, value))
            return false;
    }
    return true;
}

/* Any mapping that is not a dict. */
static bool read_mapping(PyObject *mapping, struct response *response)
{
    if (!PyObject_HasAttr(mapping, name_items)) {
        PyErr_Format(PyExc_TypeError, "Response.headers must be a mapping, not %T", mapping);
        return false;
    }
    response->items = PyMapping_Items(mapping);
    if (response->items == NULL || !reserve_headers(response, PyList_GET_SIZE(response->items)))
        return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(response->items); i++) {
        PyObject *pair = PyList_GET_ITEM(response->items, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_SetString(PyExc_TypeError, "Response.headers: items() must give pairs");
            return false;
        }
        if (!add_header(response, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1)))
            return false;
    }
    return true;
}

static bool read_headers(PyObject *object, struct response *response)
{
    PyObject *headers = PyObject_GetAttr(object, name_headers);
    response->headers_object = headers;
    if (headers == NULL)
        return false;
    return PyDict_CheckExact(headers) ? read_dict(headers, response)
                                      : read_mapping(headers, response);
}

static bool read_body(PyObject *object, struct response *response)
{
    PyObject *body = PyObject_GetAttr(object, name_body);
    if (body == NULL)
        return false;
    bool done = true;
    if (body != Py_None) {
        done = PyObject_CheckBuffer(body) &&
               PyObject_GetBuffer(body, &response->body, PyBUF_SIMPLE) == 0;
        if (!done && !PyErr_Occurred())
            PyErr_Format(PyExc_TypeError, "Response.body must be bytes or None, not %T", body);
    }
    Py_DECREF(body);
    return done;
}

/* Says how long the body is, unless the application has. */
static void add_length(struct response *response)
{
    for (uint32_t i = 0; i < response->header_count; i++) {
        if (is_content_length(&response->headers[i].name))
            return;
    }
    static const char name[] = "content-length";
    char *end = response->length_text + sizeof response->length_text, *digit = end;
    size_t len = response->body.obj == NULL ? 0 : (size_t)response->body.len;
    do {
        *--digit = (char)('0' + len % 10);
        len /= 10;
    } while (len > 0);
    response->headers[response->header_count++] = (struct http_header){
        .name = {(uint8_t *)name, sizeof name - 1},
        .value = {(uint8_t *)digit, (uint32_t)(end - digit)},
    };
}

static void response_release(struct response *response)
{
    if (response->headers != response->few)
        free(response->headers);
    Py_XDECREF(response->items);
    Py_XDECREF(response->headers_object);
    if (response->body.obj != NULL)
        PyBuffer_Release(&response->body);
}

/* Waits until the stream takes bytes; returns how many, or 0 if it is closed. */
static size_t room(uint32_t stream)
{
    for (;;) {
        struct http_size_result result;
        http_host->output_check(stream, host_address(&result));
        if (result.failed && !result.closed)
            import_wasi_io_error_error_drop(result.error);
        if (result.failed)
            return 0;
        if (result.size > 0)
            return result.size > SIZE_MAX ? SIZE_MAX : (size_t)result.size;
        http_host->output_wait(stream);
    }
}

static void write_all(uint32_t stream, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t part = room(stream);
        if (part == 0)
            return; /* the client is gone */
        if (part > len)
            part = len;
        struct host_stream_result result;
        http_host->output_write(stream, host_address(data), (uint32_t)part, host_address(&result));
        if (result.failed) {
            host_stream_closed(&result);
            return;
        }
        data += part;
        len -= part;
    }
}

static void write_body(uint32_t body, const struct response *response)
{
    if (response->body.obj != NULL && response->body.len > 0) {
        struct http_handle_result stream;
        http_host->outgoing_write(body, host_address(&stream));
        if (!stream.failed) {
            write_all(stream.handle, response->body.buf, (size_t)response->body.len);
            http_host->output_drop(stream.handle);
        }
    }
    struct http_finish_result result;
    http_host->outgoing_finish(body, 0, 0, host_address(&result));
}

/* False, with an exception, if the host refuses a header or the status. */
static bool send(const struct response *response, uint32_t outparam)
{
    struct http_handle_result fields, body;
    http_host->fields_from_list(
        host_address(response->headers), response->header_count, host_address(&fields));
    if (fields.failed) {
        PyErr_SetString(PyExc_ValueError,
            "Response.headers: a name or value is not valid, or the header may not be set");
        return false;
    }
    uint32_t handle = http_host->response_new(fields.handle);
    if (http_host->response_set_status(handle, response->status) != 0) {
        http_host->response_drop(handle);
        PyErr_Format(PyExc_ValueError, "Response.status: the host refuses %u", response->status);
        return false;
    }
    http_host->response_body(handle, host_address(&body));
    http_host->outparam_set(outparam, 0, handle, 0, 0, 0, 0, 0, 0);
    if (!body.failed)
        write_body(body.handle, response);
    return true;
}

/* Anything with the attributes of a Response will do. */
static bool is_response(PyObject *object)
{
    if (PyObject_TypeCheck(object, (PyTypeObject *)handler.response_type) ||
        (PyObject_HasAttr(object, name_status) && PyObject_HasAttr(object, name_headers) &&
            PyObject_HasAttr(object, name_body)))
        return true;
    PyErr_Format(
        PyExc_TypeError, "handle_request must return a spin_sdk.http.Response, not %T", object);
    return false;
}

bool response_send(PyObject *object, uint32_t outparam)
{
    if (!is_response(object))
        return false;
    struct response response = {.headers = response.few};
    bool done = read_status(object, &response) && read_headers(object, &response) &&
                read_body(object, &response);
    if (done) {
        add_length(&response);
        done = send(&response, outparam);
    }
    response_release(&response);
    return done;
}

void response_send_empty(unsigned status, uint32_t outparam)
{
    struct response response = {.status = status, .headers = response.few};
    add_length(&response);
    if (!send(&response, outparam))
        PyErr_Clear();
}
