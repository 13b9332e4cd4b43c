/*
 * A world in the form that the component encoder reads.
 */
#ifndef SPINDLE_COMPONENTIZE_INTERFACES_H
#define SPINDLE_COMPONENTIZE_INTERFACES_H

#include "component/encode.h"
#include "wasm/module.h"
#include "wit/resolve.h"

/* Functions that the core module reaches by number; kept. */
struct binding_list {
    const struct encode_binding *data;
    size_t count;
};

/* Interfaces that the core module imports and the component does without; kept. */
struct absent_list {
    struct str *data;
    size_t len, cap;
};

/*
 * The imports of `core` and the bindings (each interface that they name must be in the resolve, or
 * ERROR_LINK), what they use, and the exports of the world. Everything made lives in the resolve's
 * arena.
 */
int componentize_interfaces(const struct wit_resolve *r, const struct wit_world *world,
    const struct wasm_module *core, struct binding_list bindings, const struct absent_list *absent,
    struct encode_input *ret, struct error *err);

#endif
