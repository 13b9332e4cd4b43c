/*
 * A world in the form that the component encoder reads.
 */
#ifndef SPINDLE_COMPONENTIZE_INTERFACES_H
#define SPINDLE_COMPONENTIZE_INTERFACES_H

#include "component/encode.h"
#include "wasm/module.h"
#include "wit/resolve.h"

/*
 * The imports of `core` (each interface that it names must be in the resolve, or ERROR_LINK), what
 * they use, and the exports of the world. Everything made lives in the resolve's arena.
 */
int componentize_interfaces(const struct wit_resolve *r, const struct wit_world *world,
    const struct wasm_module *core, struct encode_input *ret, struct error *err);

#endif
