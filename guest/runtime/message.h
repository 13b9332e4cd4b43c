/*
 * What requests and responses have in common, those that come and those that go: headers and a
 * body.
 */
#ifndef GUEST_RUNTIME_MESSAGE_H
#define GUEST_RUNTIME_MESSAGE_H

#include "http_host.h"
#include "runtime.h"

enum { MESSAGE_HEADERS_FEW = 16 };

/* What is sent, as the host takes it. Texts and body point into Python objects that are held. */
struct message {
    const char *class;           /* for messages: "Response" */
    struct http_header *headers; /* `few`, or allocated */
    uint32_t header_count;
    struct http_header few[MESSAGE_HEADERS_FEW + 1];
    PyObject *headers_object;
    PyObject *items; /* list of pairs, of a mapping that is not a dict */
    Py_buffer body;  /* .obj NULL: no body */
    char length_text[12];
};

/* Makes the names that are used here. False: a Python exception is set. */
bool message_prepare(void);

/* Without headers and body. To be released. */
void message_init(struct message *message, const char *class);
/* Reads `headers` and `body` of the object. False: a Python exception is set. */
bool message_read(PyObject *object, struct message *message);
void message_release(struct message *message);
/* The headers as fields of the host, with the body's length unless they tell it. Once. */
void message_fields(struct message *message, struct http_handle_result *ret_fields);
/*
 * Writes the body to an outgoing-body, which is not finished yet. False: *ret_failure is what the
 * stream said, for host_stream_closed() or to be told.
 */
bool message_write(
    const struct message *message, uint32_t body, struct host_stream_result *ret_failure);

/*
 * The fields as a dict of texts; drops the resource. Values need not be UTF-8: `errors` is Python's
 * way to decode those that are not, NULL for an exception. NULL: a Python exception is set.
 */
PyObject *message_headers(uint32_t fields, const char *errors);
/* Text of the host; frees it. `errors` as above. NULL: a Python exception is set. */
PyObject *message_text(const struct host_list *text, const char *errors);
/*
 * All of an incoming-body as bytes, or the first of them that are at least `len`; drops the
 * resource. NULL: ret_failure->failed, which is what the stream said, or else a Python exception is
 * set.
 */
PyObject *message_body(uint32_t body, size_t len, struct host_stream_result *ret_failure);

#endif
