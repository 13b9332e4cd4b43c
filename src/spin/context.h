/* What the interfaces of this folder share. */
#ifndef SPINDLE_SPIN_CONTEXT_H
#define SPINDLE_SPIN_CONTEXT_H

#include "spin/spin.h"
#include "wasi/context.h"

struct spin_context {
    const struct spin_config *config;
    struct wasi_context *wasi; /* whose embedder this is */
};

static inline struct spin_context *spin_context_of(struct component_call *call)
{
    return wasi_context_embedder(wasi_context_of(call));
}

#endif
