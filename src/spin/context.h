/* What the interfaces of this folder share. */
#ifndef SPINDLE_SPIN_CONTEXT_H
#define SPINDLE_SPIN_CONTEXT_H

#include "client/wait.h"
#include "spin/spin.h"
#include "wasi/context.h"

struct spin_context {
    const struct spin_config *config;
    struct wasi_context *wasi; /* whose embedder this is */
    struct arena results;      /* of spin_results */
    unsigned redis_open;       /* connections that the guest has open */
    uint32_t database_count;   /* connections that the guest holds (sqlite.c) */
};

static inline struct spin_context *spin_context_of(struct component_call *call)
{
    return wasi_context_embedder(wasi_context_of(call));
}

/*
 * Memory for what one call makes and answers with, emptied by the next call that asks for it: the
 * results of a loop of calls do not add up. A result of LIMIT_RESULT_BYTES fits.
 */
struct arena *spin_results(struct component_call *call);

/* The text of an error, which is released. It takes the place of what the results held. */
struct str spin_take_error(struct component_call *call, struct error *err);

/*
 * Somebody else's text, in memory of ours, as a string: unless all of it is UTF-8, bytes that are
 * not ASCII become question marks.
 */
struct str spin_printable(struct str text);

/* Waiting for a socket on behalf of a request. NULL: of nobody, at start. */
struct client_wait spin_wait(struct wasi_context *context);

#endif
