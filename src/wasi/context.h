/*
 * What the interfaces of this folder share: the context, the memory of its objects, open files,
 * streams.
 *
 * Objects behind handles come from wasi_object and go back by wasi_object_free in their drop
 * function. Both cost a few instructions: free blocks of each power of two are kept in lists, the
 * rest comes from the context's arena, and wasi_context_reset forgets all of it. So an object that
 * a trap leaves behind leaks nothing; one that owns something of the system must be reachable from
 * the context (open files are).
 *
 * A guest may drop handles in any order: a child (a stream of a body, headers of a request) holds
 * a reference to what it needs of its parent.
 */
#ifndef SPINDLE_WASI_CONTEXT_H
#define SPINDLE_WASI_CONTEXT_H

#include "base/limits.h"
#include "component/host_value.h"
#include "host/wasi_io_error.h"
#include "host/wasi_io_poll.h"
#include "host/wasi_io_streams.h"
#include "wasi/wasi.h"

struct body_in;
struct body_out;
struct outgoing;

/* Memory. */

enum { WASI_SMALLEST_CLASS = 5, WASI_CLASSES = 32 }; /* 32 bytes to 2 GiB */

struct wasi_free_block {
    struct wasi_free_block *next;
};

/* Zeroed; NULL when the request's objects have used up LIMIT_WASI_OBJECTS. */
MUST_CHECK void *wasi_object(struct wasi_context *context, size_t size);
/* The same without zeroing. */
MUST_CHECK void *wasi_object_raw(struct wasi_context *context, size_t size);
/* `size` as it was asked for. Takes NULL. */
void wasi_object_free(struct wasi_context *context, void *object, size_t size);
/*
 * Memory for the lists of one call's result: valid until the next wasi_temporary. Not zeroed; NULL
 * as wasi_object.
 */
MUST_CHECK void *wasi_temporary(struct wasi_context *context, size_t count, size_t size);
/* The trap for a wasi_object or open_file_new that returned NULL. */
enum wasm_trap_kind wasi_no_memory(struct component_call *call);

#define wasi_new(context, type) ((type *)wasi_object((context), sizeof(type)))

/* Open files. */

struct open_file {
    int fd;
    uint32_t references; /* descriptors, streams */
    uint32_t flags;      /* WASI_FILESYSTEM_TYPES_DESCRIPTOR_FLAGS_* */
    bool is_directory;
    bool may_write; /* lies under a writable preopen */
    struct open_file *previous, *next;
};

/* Takes the descriptor in any case: closed when there is no memory or LIMIT_WASI_FILES are open. */
MUST_CHECK struct open_file *open_file_new(struct wasi_context *context, int fd);
void open_file_unref(struct wasi_context *context, struct open_file *file);

/* Errors behind wasi:io/error handles. */

enum wasi_error_domain { WASI_ERROR_OTHER, WASI_ERROR_FILE, WASI_ERROR_BODY, WASI_ERROR_HTTP };

struct wasi_io_error_error {
    enum wasi_error_domain domain;
    const char *text;    /* for ever; NULL: `reason` says it */
    char reason[128];    /* cut off; ASCII */
    int os_errno;        /* WASI_ERROR_FILE */
    enum http_io io;     /* WASI_ERROR_BODY: the exchange's answer */
    uint32_t http_code;  /* WASI_ERROR_HTTP: the tag of an error-code without payload */
    bool length_is_over; /* WASI_ERROR_BODY: more than content-length bytes; how many follows */
    bool of_request;
    uint64_t length;
};

/* What a stream's operation came to. */
enum stream_status { STREAM_OK, STREAM_CLOSED, STREAM_FAILED };

/* Input streams. */

struct input_stream_ops {
    /*
     * A view of at most `max` bytes, valid until the next operation of the context; none when none
     * are there and `block` is false. STREAM_FAILED: *ret_error is filled.
     */
    enum stream_status (*read)(struct wasi_io_streams_input_stream *stream, size_t max, bool block,
        struct str *ret_bytes, struct wasi_io_error_error *ret_error);
    void (*release)(struct wasi_io_streams_input_stream *stream);
};

struct wasi_io_streams_input_stream {
    const struct input_stream_ops *ops; /* NULL: always at its end */
    struct wasi_context *context;
    union {
        struct open_file *file;
        struct body_in *body;
    };
    uint64_t offset;
    bool closed;
};

/* Output streams. */

struct output_stream_ops {
    /* Takes all bytes, waiting if it must. */
    enum stream_status (*write)(struct wasi_io_streams_output_stream *stream, struct str bytes,
        struct wasi_io_error_error *ret_error);
    enum stream_status (*flush)(
        struct wasi_io_streams_output_stream *stream, struct wasi_io_error_error *ret_error);
    /* Bytes that a guest may write next. NULL: WASI_WRITE_PERMIT. */
    uint64_t (*room)(struct wasi_io_streams_output_stream *stream);
    /* Waits until there is room. NULL: there always is. */
    enum stream_status (*wait)(
        struct wasi_io_streams_output_stream *stream, struct wasi_io_error_error *ret_error);
    void (*release)(struct wasi_io_streams_output_stream *stream);
};

#define WASI_WRITE_PERMIT (64 * KIB)

struct wasi_io_streams_output_stream {
    const struct output_stream_ops *ops;
    struct wasi_context *context;
    union {
        struct open_file *file;
        struct body_out *body;
        enum wasi_output output;
    };
    uint64_t offset; /* of a file */
    bool append;
    bool closed;
    uint64_t permit; /* what check-write last allowed, less what was written since */
};

/* Zeroed streams, for the interface that makes them. NULL as wasi_object. */
MUST_CHECK struct wasi_io_streams_input_stream *input_stream_new(
    struct wasi_context *context, const struct input_stream_ops *ops);
MUST_CHECK struct wasi_io_streams_output_stream *output_stream_new(
    struct wasi_context *context, const struct output_stream_ops *ops);

/* Pollables. */

enum pollable_kind {
    POLLABLE_READY,
    POLLABLE_TIMER,
    POLLABLE_BODY,     /* more of an incoming body, or its end */
    POLLABLE_RESPONSE, /* the head of the response to an outgoing request, or its failure */
    POLLABLE_UPLOAD,   /* room for more of an outgoing request's body */
};

struct wasi_io_poll_pollable {
    enum pollable_kind kind;
    deadline_t when;           /* POLLABLE_TIMER */
    struct body_in *body;      /* POLLABLE_BODY; a reference */
    struct outgoing *outgoing; /* POLLABLE_RESPONSE, POLLABLE_UPLOAD; a reference */
};

/* A pollable of a kind that needs nothing more. NULL as wasi_object. */
MUST_CHECK struct wasi_io_poll_pollable *pollable_new(
    struct wasi_context *context, enum pollable_kind kind);
/* Incoming bodies (http_body.c). */
extern const struct input_stream_ops body_input_ops;
bool body_in_ready(struct body_in *body);
/* Of the request that the guest answers; otherwise of the response to an outgoing one. */
bool body_in_is_of_client(const struct body_in *body);
/* Waits until it is ready; one of the client. */
void body_in_wait(struct wasi_context *context, struct body_in *body);
struct body_in *body_in_ref(struct body_in *body);
void body_in_unref(struct wasi_context *context, struct body_in *body);

/* Outgoing requests (http_outgoing.c). */
bool outgoing_has_response(const struct outgoing *outgoing);
/* Will nothing come of waiting for the network? It is answered in the process, or has ended. */
bool outgoing_is_local(const struct outgoing *outgoing);
bool outgoing_has_room(const struct outgoing *outgoing);
struct outgoing *outgoing_ref(struct outgoing *outgoing);
void outgoing_unref(struct wasi_context *context, struct outgoing *outgoing);
/* Does what can be done for outgoing requests without waiting. */
void outgoing_drive(struct wasi_context *context);
/* Waits until something has happened to one of them, at most until the deadline. */
void outgoing_wait(struct wasi_context *context, deadline_t deadline);
/* Ends them all; their objects are about to be forgotten. */
void outgoing_reset(struct wasi_context *context);
/* The stream of an outgoing body (http_body.c); its outgoing request, or NULL. */
extern const struct output_stream_ops body_output_ops;
struct outgoing *body_out_outgoing(const struct body_out *body);

/* The context. */

struct wasi_open_preopen {
    int fd;
    const struct wasi_preopen *preopen;
};

enum wasi_http_state { WASI_HTTP_IDLE, WASI_HTTP_OPEN, WASI_HTTP_SET, WASI_HTTP_SET_ERROR };

struct wasi_context {
    const struct wasi_config *config;
    void *embedder;
    struct arena objects;
    struct wasi_free_block *free_blocks[WASI_CLASSES];
    void *temporary; /* the last wasi_temporary */
    size_t temporary_size;
    struct open_file *files;
    uint32_t file_count;
    struct wasi_open_preopen *preopens; /* config->preopen_count */
    uint8_t *scratch;                   /* WASI_SCRATCH bytes, made when first needed */
    deadline_t deadline;
    bool exit_ok;
    /* wasi:http/incoming-handler. */
    struct http_exchange *exchange; /* NULL outside of a request */
    enum wasi_http_state http_state;
    bool http_gone;         /* the client went away or was too slow */
    struct body_out *reply; /* the response's body once it is set; a reference */
    /* wasi:http/outgoing-handler. */
    struct client_session *session; /* NULL until a request goes over the network */
    struct outgoing *outgoing;      /* all of them */
    unsigned local_count;           /* of these, answered within the process */
    size_t local_bytes;             /* their responses' bodies */
};

#define WASI_SCRATCH (256 * KIB)
/* NULL when out of memory. */
uint8_t *wasi_scratch(struct wasi_context *context);

/* A line for whoever runs the application; what is longer than 1 KiB is cut off. */
PRINTF_LIKE(2, 3) void wasi_warn(struct wasi_context *context, const char *fmt, ...);
/* The two lines for a connection to "scheme://authority" that the manifest does not allow. */
void wasi_warn_denied(struct wasi_context *context, struct str destination);
/* For a request to the application itself. */
void wasi_warn_self_denied(struct wasi_context *context);

/* Call before and after waiting, so that the embedder can do other work meanwhile. */
void wasi_blocks(struct wasi_context *context);
void wasi_resumes(struct wasi_context *context);
/* What a response has queued is sent before a wait. */
void wasi_http_flush(struct wasi_context *context);

static inline struct wasi_context *wasi_context_of(struct component_call *call)
{
    return call->host;
}

#endif
