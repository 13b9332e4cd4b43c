/*
 * A module as it has become: the same code, with the present contents of an instance's memory and
 * globals as its data segments and initial values.
 *
 * Sections are byte for byte the module's, except: memory (its minimum is the present size), global
 * (values of mutable ones), data (new), start (left out: it has run). So the code key is unchanged
 * (wasm/code.h).
 */
#ifndef SPINDLE_COMPONENTIZE_SNAPSHOT_H
#define SPINDLE_COMPONENTIZE_SNAPSHOT_H

#include "wasm/runtime.h"

/*
 * Appends the module. ERROR_UNSUPPORTED for a module that this does not work for: without exactly
 * one memory of its own, or with passive data segments. ERROR_LIMIT when `out` is too small.
 */
int componentize_snapshot(const struct wasm_module *module, const struct wasm_instance *instance,
    struct buf *out, struct error *err);

#endif
