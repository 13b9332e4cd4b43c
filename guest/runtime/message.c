#include "message.h"

#include <stdlib.h>

/* Most headers of a message; the host has a limit of its own. A body is read in parts. */
enum { HEADER_MAX = 4096, BODY_PART = 1 << 20 };

static PyObject *name_headers, *name_body, *name_items;

bool message_prepare(void)
{
    name_headers = runtime_string("headers");
    name_body = runtime_string("body");
    name_items = runtime_string("items");
    return name_headers && name_body && name_items;
}

/* What is sent. */

static bool read_text(
    const struct message *message, PyObject *string, const char *what, struct host_list *ret_text)
{
    if (!PyUnicode_Check(string)) {
        PyErr_Format(PyExc_TypeError, "%s.headers: a %s must be a str, not %T", message->class,
            what, string);
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

static bool reserve_headers(struct message *message, Py_ssize_t count)
{
    if (count <= MESSAGE_HEADERS_FEW)
        return true;
    if (count > HEADER_MAX) {
        PyErr_Format(
            PyExc_ValueError, "%s.headers: more than %d headers", message->class, HEADER_MAX);
        return false;
    }
    message->headers = malloc(((size_t)count + 1) * sizeof *message->headers);
    if (message->headers == NULL)
        PyErr_NoMemory();
    return message->headers != NULL;
}

static bool add_header(struct message *message, PyObject *name, PyObject *value)
{
    struct http_header *header = &message->headers[message->header_count];
    if (!read_text(message, name, "name", &header->name) ||
        !read_text(message, value, "value", &header->value))
        return false;
    message->header_count++;
    return true;
}

static bool read_dict(PyObject *dict, struct message *message)
{
    if (!reserve_headers(message, PyDict_GET_SIZE(dict)))
        return false;
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (PyDict_Next(dict, &position, &name, &value)) {
        if (!add_header(message, name, value))
            return false;
    }
    return true;
}

/* Any mapping that is not a dict. */
static bool read_mapping(PyObject *mapping, struct message *message)
{
    if (!PyObject_HasAttr(mapping, name_items)) {
        PyErr_Format(
            PyExc_TypeError, "%s.headers must be a mapping, not %T", message->class, mapping);
        return false;
    }
    message->items = PyMapping_Items(mapping);
    if (message->items == NULL || !reserve_headers(message, PyList_GET_SIZE(message->items)))
        return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(message->items); i++) {
        PyObject *pair = PyList_GET_ITEM(message->items, i);
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) {
            PyErr_Format(PyExc_TypeError, "%s.headers: items() must give pairs", message->class);
            return false;
        }
        if (!add_header(message, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1)))
            return false;
    }
    return true;
}

static bool read_headers(PyObject *object, struct message *message)
{
    PyObject *headers = PyObject_GetAttr(object, name_headers);
    message->headers_object = headers;
    if (headers == NULL)
        return false;
    return PyDict_CheckExact(headers) ? read_dict(headers, message)
                                      : read_mapping(headers, message);
}

static bool read_body(PyObject *object, struct message *message)
{
    PyObject *body = PyObject_GetAttr(object, name_body);
    if (body == NULL)
        return false;
    bool done = true;
    if (body != Py_None) {
        done = PyObject_CheckBuffer(body) &&
               PyObject_GetBuffer(body, &message->body, PyBUF_SIMPLE) == 0;
        if (!done && !PyErr_Occurred())
            PyErr_Format(
                PyExc_TypeError, "%s.body must be bytes or None, not %T", message->class, body);
    }
    Py_DECREF(body);
    return done;
}

/* Says how long the body is, unless the application has. */
static void add_length(struct message *message)
{
    for (uint32_t i = 0; i < message->header_count; i++) {
        if (is_content_length(&message->headers[i].name))
            return;
    }
    static const char name[] = "content-length";
    char *end = message->length_text + sizeof message->length_text, *digit = end;
    size_t len = message->body.obj == NULL ? 0 : (size_t)message->body.len;
    do {
        *--digit = (char)('0' + len % 10);
        len /= 10;
    } while (len > 0);
    message->headers[message->header_count++] = (struct http_header){
        .name = {(uint8_t *)name, sizeof name - 1},
        .value = {(uint8_t *)digit, (uint32_t)(end - digit)},
    };
}

void message_init(struct message *message, const char *class)
{
    *message = (struct message){.class = class, .headers = message->few};
}

bool message_read(PyObject *object, struct message *message)
{
    return read_headers(object, message) && read_body(object, message);
}

void message_fields(struct message *message, struct http_handle_result *ret_fields)
{
    add_length(message);
    http_host->fields_from_list(
        host_address(message->headers), message->header_count, host_address(ret_fields));
}

void message_release(struct message *message)
{
    if (message->headers != message->few)
        free(message->headers);
    Py_XDECREF(message->items);
    Py_XDECREF(message->headers_object);
    if (message->body.obj != NULL)
        PyBuffer_Release(&message->body);
}

/* Waits until the stream takes bytes; returns how many, or 0 if it takes no more. */
static size_t room(uint32_t stream, struct host_stream_result *ret_failure)
{
    for (;;) {
        struct http_size_result result;
        http_host->output_check(stream, host_address(&result));
        if (result.failed) {
            *ret_failure = (struct host_stream_result){.failed = 1};
            ret_failure->closed = result.closed;
            ret_failure->error = result.error;
            return 0;
        }
        if (result.size > 0)
            return result.size > SIZE_MAX ? SIZE_MAX : (size_t)result.size;
        http_host->output_wait(stream);
    }
}

static bool write_all(
    uint32_t stream, const uint8_t *data, size_t len, struct host_stream_result *ret_failure)
{
    while (len > 0) {
        size_t part = room(stream, ret_failure);
        if (part == 0)
            return false;
        if (part > len)
            part = len;
        http_host->output_write(
            stream, host_address(data), (uint32_t)part, host_address(ret_failure));
        if (ret_failure->failed)
            return false;
        data += part;
        len -= part;
    }
    return true;
}

bool message_write(
    const struct message *message, uint32_t body, struct host_stream_result *ret_failure)
{
    if (message->body.obj == NULL || message->body.len == 0)
        return true;
    struct http_handle_result stream;
    http_host->outgoing_write(body, host_address(&stream));
    if (stream.failed)
        return true; /* only ever asked for once */
    bool done = write_all(stream.handle, message->body.buf, (size_t)message->body.len, ret_failure);
    http_host->output_drop(stream.handle);
    return done;
}

/* What is received. */

PyObject *message_text(const struct host_list *text, const char *errors)
{
    PyObject *string =
        PyUnicode_DecodeUTF8((const char *)text->data, (Py_ssize_t)text->len, errors);
    host_list_free(text);
    return string;
}

/* Frees the header's texts. */
static bool keep_header(PyObject *headers, const struct http_header *header, const char *errors)
{
    PyObject *name = message_text(&header->name, errors);
    PyObject *value = message_text(&header->value, errors);
    bool done = name != NULL && value != NULL && PyDict_SetItem(headers, name, value) == 0;
    Py_XDECREF(name);
    Py_XDECREF(value);
    return done;
}

PyObject *message_headers(uint32_t fields, const char *errors)
{
    struct host_list list;
    http_host->fields_entries(fields, host_address(&list));
    http_host->fields_drop(fields);
    PyObject *headers = PyDict_New();
    bool done = headers != NULL;
    const struct http_header *entries = (const struct http_header *)list.data;
    for (uint32_t i = 0; i < list.len && done; i++)
        done = keep_header(headers, &entries[i], errors);
    host_list_free(&list);
    if (!done)
        Py_CLEAR(headers);
    return headers;
}

/* A body that grows: the object is NULL before the first part, and may be longer than `len`. */
struct growing {
    PyObject *object;
    size_t len;
};

static bool reserve(struct growing *body, size_t len)
{
    size_t most = body->object == NULL ? 0 : (size_t)PyBytes_GET_SIZE(body->object);
    if (len <= most)
        return true;
    if (body->object == NULL)
        body->object = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)len);
    else
        _PyBytes_Resize(&body->object, (Py_ssize_t)(len > 2 * most ? len : 2 * most));
    return body->object != NULL;
}

/* Frees the part. */
static bool append_part(struct growing *body, const struct host_list *part)
{
    if (part->len == 0)
        return true;
    bool done = reserve(body, body->len + part->len);
    if (done)
        memcpy(PyBytes_AS_STRING(body->object) + body->len, part->data, part->len);
    body->len += part->len;
    host_list_free(part);
    return done;
}

static PyObject *take_bytes(struct growing *body)
{
    if (body->object == NULL)
        return PyBytes_FromStringAndSize(NULL, 0);
    if ((size_t)PyBytes_GET_SIZE(body->object) > body->len)
        _PyBytes_Resize(&body->object, (Py_ssize_t)body->len);
    return body->object;
}

static PyObject *read_stream(uint32_t stream, size_t len, struct host_stream_result *ret_failure)
{
    struct growing body = {0};
    while (body.len < len) {
        struct host_stream_result result;
        http_host->input_read(stream, BODY_PART, host_address(&result));
        if (!result.failed) {
            if (append_part(&body, &result.list))
                continue;
            return NULL;
        }
        if (result.closed)
            break;
        *ret_failure = result;
        Py_XDECREF(body.object);
        return NULL;
    }
    return take_bytes(&body);
}

PyObject *message_body(uint32_t body, size_t len, struct host_stream_result *ret_failure)
{
    struct http_handle_result stream;
    *ret_failure = (struct host_stream_result){0};
    http_host->body_stream(body, host_address(&stream));
    PyObject *bytes = stream.failed ? PyBytes_FromStringAndSize(NULL, 0)
                                    : read_stream(stream.handle, len, ret_failure);
    if (!stream.failed)
        http_host->input_drop(stream.handle);
    http_host->body_drop(body);
    return bytes;
}
