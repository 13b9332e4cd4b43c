/*
 * The `componentize` command: application + python.wasm + WIT -> component.
 */
#ifndef SPINDLE_COMPONENTIZE_BUILD_H
#define SPINDLE_COMPONENTIZE_BUILD_H

#include "componentize/options.h"

/*
 * Writes options->output, through a temporary name: after an error the old file is as it was. What
 * the application printed is appended to `printed` when it could not be imported (ERROR_CHILD).
 */
int componentize_build(struct arena *a, const struct componentize_options *options,
    struct buf *printed, struct error *err);

#endif
