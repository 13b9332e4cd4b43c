/*
 * A request to elsewhere, from a spin_sdk.http.Request to what a Response is made of. The host's
 * resources are plain numbers here; each function says which it drops.
 */
#include "outgoing.h"

#include "message.h"
#include "value.h"

static PyObject *name_method, *name_content_length;

/* Exceptions: Err(...) of what the host said. */

static void raise_err(PyObject *payload)
{
    PyObject *class = value_class_err();
    PyObject *error = class == NULL || payload == NULL ? NULL : PyObject_CallOneArg(class, payload);
    Py_XDECREF(payload);
    if (error != NULL)
        PyErr_SetObject(class, error);
    Py_XDECREF(error);
}

/* A value of a type that a generated module describes; frees its memory. */
static void raise_value(const char *module_name, const char *type_name, const void *memory)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *type = module == NULL ? NULL : PyObject_GetAttrString(module, type_name);
    Py_XDECREF(module);
    if (type != NULL && !PyObject_TypeCheck(type, &value_type_object)) {
        PyErr_Format(PyExc_TypeError, "%s.%s is no type", module_name, type_name);
        Py_CLEAR(type);
    }
    if (type != NULL)
        raise_err(value_lift((const struct value_type *)type, memory));
    Py_XDECREF(type);
}

static void raise_code(const struct http_error *error)
{
    raise_value("spin_sdk.wit.imports.types", "_type_error_code", error);
}

/* result<_, header-error>: the error is where the handle would be. */
static void raise_header_error(const struct http_handle_result *result)
{
    raise_value("spin_sdk.wit.imports.types", "_type_header_error", &result->handle);
}

static void raise_stream_error(const struct host_stream_result *failure)
{
    raise_value("spin_sdk.wit.imports.streams", "_type_stream_error", &failure->closed);
}

/* The request. */

/* What is set of an outgoing-request. */
struct target {
    struct host_list method, scheme, authority, path;
};

static bool is(struct host_list text, const char *string)
{
    return strlen(string) == text.len && memcmp(text.data, string, text.len) == 0;
}

static uint32_t which_method(struct host_list name)
{
    uint32_t which = 0;
    while (which < HTTP_METHOD_OTHER && !is(name, http_method_names[which]))
        which++;
    return which;
}

/* variant scheme: HTTP, HTTPS, other */
static uint32_t which_scheme(struct host_list scheme)
{
    return is(scheme, "https") ? 1 : is(scheme, "http") || scheme.len == 0 ? 0 : 2;
}

static bool set_target(uint32_t sent, const struct target *target)
{
    const struct host_list *method = &target->method, *scheme = &target->scheme;
    const struct host_list *authority = &target->authority, *path = &target->path;
    return http_host->sent_set_method(
               sent, which_method(*method), host_address(method->data), method->len) == 0 &&
           http_host->sent_set_scheme(
               sent, 1, which_scheme(*scheme), host_address(scheme->data), scheme->len) == 0 &&
           http_host->sent_set_authority(sent, 1, host_address(authority->data), authority->len) ==
               0 &&
           http_host->sent_set_path(sent, 1, host_address(path->data), path->len) == 0;
}

/* A new outgoing-request. False: an exception is set. */
static bool make_request(struct message *message, const struct target *target, uint32_t *ret_sent)
{
    struct http_handle_result fields;
    message_fields(message, &fields);
    if (fields.failed) {
        raise_header_error(&fields);
        return false;
    }
    *ret_sent = http_host->sent_new(fields.handle);
    if (set_target(*ret_sent, target))
        return true;
    http_host->sent_drop(*ret_sent);
    raise_err(Py_NewRef(Py_None));
    return false;
}

/* Whether that is why the stream failed: then an exception is set. */
static bool is_wrong_length(uint32_t error)
{
    struct http_optional_error code;
    http_host->error_code(error, host_address(&code));
    bool wrong = code.present && code.error.which == HTTP_ERROR_REQUEST_BODY_SIZE;
    if (wrong)
        raise_code(&code.error);
    return wrong;
}

/*
 * Writes what the server takes: if it does not take all, its response says why. Sets *body to 0
 * when it has been finished. False: an exception is set.
 */
static bool upload(const struct message *message, uint32_t *body)
{
    struct host_stream_result failure;
    if (!message_write(message, *body, &failure)) {
        if (failure.closed)
            return true;
        bool wrong = is_wrong_length(failure.error);
        http_host->error_drop(failure.error);
        return !wrong;
    }
    struct http_finish_result finished;
    http_host->outgoing_finish(*body, 0, 0, host_address(&finished));
    *body = 0;
    if (finished.failed)
        raise_code(&finished.error);
    return !finished.failed;
}

/* The response. */

/* The content-length, or as good as none if it is not said. */
static size_t length_of(PyObject *headers)
{
    PyObject *value = PyDict_GetItemWithError(headers, name_content_length);
    const char *digits = value == NULL ? NULL : PyUnicode_AsUTF8(value);
    size_t length = 0;
    if (digits == NULL || *digits == '\0')
        return SIZE_MAX;
    for (; *digits >= '0' && *digits <= '9' && length < SIZE_MAX / 16; digits++)
        length = length * 10 + (size_t)(*digits - '0');
    return *digits == '\0' ? length : SIZE_MAX;
}

/* Its end need not be asked for when the length is known. */
static PyObject *read_body(uint32_t received, size_t length)
{
    struct http_handle_result body;
    http_host->received_consume(received, host_address(&body));
    if (body.failed) {
        raise_err(Py_NewRef(Py_None));
        return NULL;
    }
    struct host_stream_result failure;
    PyObject *bytes = message_body(body.handle, length, &failure);
    if (failure.failed)
        raise_stream_error(&failure);
    return bytes;
}

/* (status, headers, body); drops the incoming-response. */
static PyObject *read_response(uint32_t received, bool has_body)
{
    PyObject *parts = NULL;
    PyObject *headers = message_headers(http_host->received_headers(received), NULL);
    PyObject *body =
        headers == NULL ? NULL : read_body(received, has_body ? length_of(headers) : SIZE_MAX);
    if (body != NULL)
        parts = Py_BuildValue("IOO", http_host->received_status(received), headers, body);
    Py_XDECREF(headers);
    Py_XDECREF(body);
    http_host->received_drop(received);
    return parts;
}

/* An incoming-response; drops the future. False: an exception is set. */
static bool wait_for(uint32_t future, uint32_t *ret_received)
{
    struct http_future_result result;
    do {
        http_host->future_wait(future);
        http_host->future_get(future, host_address(&result));
    } while (!result.present);
    http_host->future_drop(future);
    if (!result.taken && !result.response.failed) {
        *ret_received = result.response.handle;
        return true;
    }
    if (result.taken)
        raise_err(Py_NewRef(Py_None));
    else
        raise_code(&result.response.error);
    return false;
}

/* Begins to send and sends the body. */
static bool start(
    uint32_t sent, const struct message *message, uint32_t *body, uint32_t *ret_future)
{
    struct http_send_result result;
    http_host->handle(sent, host_address(&result));
    if (result.failed) {
        raise_code(&result.error);
        return false;
    }
    if (*body != 0 && !upload(message, body)) {
        http_host->future_drop(result.handle);
        return false;
    }
    *ret_future = result.handle;
    return true;
}

static PyObject *exchange(struct message *message, const struct target *target)
{
    uint32_t sent, future, received;
    struct http_handle_result body = {0};
    if (!make_request(message, target, &sent))
        return NULL;
    if (message->body.obj != NULL && message->body.len > 0)
        http_host->sent_body(sent, host_address(&body));
    PyObject *parts = NULL;
    if (start(sent, message, &body.handle, &future) && wait_for(future, &received))
        parts = read_response(received, !is(target->method, "HEAD"));
    if (body.handle != 0)
        http_host->outgoing_drop(
            body.handle); /* before the response came it would end the request */
    return parts;
}

/* The Python function. */

static bool read_text(PyObject *string, const char *what, struct host_list *ret_text)
{
    if (!PyUnicode_Check(string)) {
        PyErr_Format(PyExc_TypeError, "Request.%s must be a str, not %T", what, string);
        return false;
    }
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(string, &len);
    if (text == NULL)
        return false;
    *ret_text = (struct host_list){(uint8_t *)text, (uint32_t)len};
    return true;
}

static PyObject *send(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    (void)self;
    if (count != 4)
        return PyErr_Format(PyExc_TypeError, "send takes 4 arguments (%zd given)", count);
    PyObject *parts = NULL, *method = PyObject_GetAttr(arguments[0], name_method);
    struct target target;
    struct message message;
    message_init(&message, "Request");
    if (method != NULL && read_text(method, "method", &target.method) &&
        read_text(arguments[1], "uri", &target.scheme) &&
        read_text(arguments[2], "uri", &target.authority) &&
        read_text(arguments[3], "uri", &target.path) && message_read(arguments[0], &message) &&
        http_host_can_send())
        parts = exchange(&message, &target);
    message_release(&message);
    Py_XDECREF(method);
    return parts;
}

static PyMethodDef functions[] = {
    {"send", (PyCFunction)(void (*)(void))send, METH_FASTCALL,
        "send(request, scheme, authority, path_with_query): (status, headers, body)"},
    {NULL, NULL, 0, NULL},
};

bool outgoing_prepare(PyObject *module)
{
    name_method = runtime_string("method");
    name_content_length = runtime_string("content-length");
    return name_method && name_content_length && message_prepare() &&
           PyModule_AddFunctions(module, functions) == 0;
}
