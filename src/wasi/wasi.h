/*
 * The WASI 0.2.0 host: cli, clocks, random, io, filesystem, sockets (present, denied) and http.
 *
 * How to add an interface: write its WIT under wit/, one .c file here that fills the function
 * struct which tools/witc generates, and one line in hosts.c.
 *
 * A context is the host side of one component instance. One thread uses it at a time. All objects
 * that a guest holds handles to live in the context's own arena; what they hold of the system (file
 * descriptors) is in its list of open files. So the life of a request is:
 *
 *     wasi_http_begin ─> component_call_flat ─> wasi_http_end
 *         ─> component_instance_rewind (drops handles left over) ─> wasi_context_reset
 *
 * The configuration is shared by all contexts of an application and immutable while one exists.
 */
#ifndef SPINDLE_WASI_WASI_H
#define SPINDLE_WASI_WASI_H

#include "base/clock.h"
#include "client/allowed_hosts.h"
#include "client/http.h"
#include "component/component.h"
#include "wasi/exchange.h"

struct wasi_variable {
    struct str name, value;
};

/* A folder that a guest sees at start, by its path there ("/"). It can never look outside. */
struct wasi_preopen {
    const char *guest_path, *host_path;
    bool writable;
};

enum wasi_output { WASI_STDOUT, WASI_STDERR };

struct wasi_config {
    const struct wasi_variable *environment;
    size_t environment_count;
    const struct str *arguments;
    size_t argument_count;
    const char *initial_cwd; /* NULL: none */
    const struct wasi_preopen *preopens;
    size_t preopen_count;
    /* Each may be NULL; all get `data`. */
    void *data;
    /* What the guest writes to its standard output and error. NULL: thrown away. */
    void (*output)(void *data, enum wasi_output which, struct str bytes);
    /* Around a wait of the host on behalf of the guest, that may be long. */
    void (*blocks)(void *data);
    void (*resumes)(void *data);
    /* Outgoing requests. NULL: none is allowed. */
    const struct client_allowed_hosts *allowed_hosts;
    struct client_pool *client; /* of the application; not NULL when something is allowed */
    /*
     * Answers a request that stays in the process, on this thread: by the named component, or if
     * that is empty by the application, as if the request had come from outside. False: there is no
     * such component. NULL: there is nothing that could answer.
     */
    bool (*answer)(void *data, struct http_exchange *x, struct str component);
    /* A line for whoever runs the application, without a newline. NULL: written to stderr. */
    void (*warn)(void *data, const char *line);
};

struct wasi_context;

/* The configuration must outlive the context. Preopens are opened here: ERROR_IO names the folder.
 */
int wasi_context_new(
    const struct wasi_config *config, struct wasi_context **ret_context, struct error *err);
/* After the instance has been freed or rewound. Takes NULL. */
void wasi_context_free(struct wasi_context *context);
/*
 * Forgets every object of the last request; the instance holds no handles any more. Also needed
 * before a context that is not used for HTTP is used again.
 */
void wasi_context_reset(struct wasi_context *context);
/* Waits on behalf of the guest end in a trap (WASM_TRAP_DEADLINE) at this point of monotonic time.
 */
void wasi_context_set_deadline(struct wasi_context *context, deadline_t deadline);
/* After a WASM_TRAP_EXIT: was it exit(ok)? */
bool wasi_context_exit_ok(const struct wasi_context *context);

/*
 * Every interface of this host, for component_program_options; `host` is NULL in each: call
 * component_instance_set_host(instance, context). More interfaces of others may be added to a copy,
 * which then share the context: wasi_context_set_embedder gives them a pointer of their own.
 */
const struct component_host *wasi_hosts(size_t *ret_count);
void wasi_context_set_embedder(struct wasi_context *context, void *data);
void *wasi_context_embedder(const struct wasi_context *context);
const struct wasi_config *wasi_context_config(const struct wasi_context *context);

/*
 * wasi:http/incoming-handler: the two own handles to pass to `handle`. The exchange must live until
 * wasi_http_end. Fails when the instance cannot take the handles.
 */
int wasi_http_begin(struct wasi_context *context, struct http_exchange *x,
    struct component_instance *instance, uint32_t *ret_request, uint32_t *ret_response_out,
    struct error *err);

enum wasi_http_outcome {
    WASI_HTTP_ANSWERED,    /* the response is complete */
    WASI_HTTP_NO_RESPONSE, /* the guest never set one (or trapped before): nothing was sent */
    WASI_HTTP_ERROR,       /* the guest set an error instead: nothing was sent */
    WASI_HTTP_CUT,         /* the head is out, but the body is not complete: cut the connection */
    WASI_HTTP_GONE,        /* the client went away or took too long */
};
/*
 * After `handle` has returned or trapped, before the instance is rewound: finishes a response that
 * the guest completed, and says what became of it. A body that the guest wrote but did not finish
 * is cut off, as wasi:http wants.
 */
enum wasi_http_outcome wasi_http_end(struct wasi_context *context);

#endif
