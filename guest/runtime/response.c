#include "message.h"
#include "request.h"

enum { STATUS_FIRST = 100, STATUS_LAST = 999 };

static PyObject *name_status, *name_headers, *name_body;

bool response_prepare(void)
{
    name_status = runtime_string("status");
    name_headers = runtime_string("headers");
    name_body = runtime_string("body");
    return name_status && name_headers && name_body;
}

static bool read_status(PyObject *object, unsigned *ret_status)
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
    *ret_status = (unsigned)number;
    return true;
}

static void write_body(uint32_t body, const struct message *message)
{
    struct host_stream_result failure;
    if (!message_write(message, body, &failure))
        host_stream_closed(&failure); /* the client is gone */
    struct http_finish_result result;
    http_host->outgoing_finish(body, 0, 0, host_address(&result));
}

/* False, with an exception, if the host refuses a header or the status. */
static bool send(unsigned status, struct message *message, uint32_t outparam)
{
    struct http_handle_result fields, body;
    message_fields(message, &fields);
    if (fields.failed) {
        PyErr_SetString(PyExc_ValueError,
            "Response.headers: a name or value is not valid, or the header may not be set");
        return false;
    }
    uint32_t handle = http_host->response_new(fields.handle);
    if (http_host->response_set_status(handle, status) != 0) {
        http_host->response_drop(handle);
        PyErr_Format(PyExc_ValueError, "Response.status: the host refuses %u", status);
        return false;
    }
    http_host->response_body(handle, host_address(&body));
    http_host->outparam_set(outparam, 0, handle, 0, 0, 0, 0, 0, 0);
    if (!body.failed)
        write_body(body.handle, message);
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
    unsigned status;
    struct message message;
    message_init(&message, "Response");
    bool done = read_status(object, &status) && message_read(object, &message) &&
                send(status, &message, outparam);
    message_release(&message);
    return done;
}

void response_send_empty(unsigned status, uint32_t outparam)
{
    struct message message;
    message_init(&message, "Response");
    if (!send(status, &message, outparam))
        PyErr_Clear();
}
