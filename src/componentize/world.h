/*
 * The world that a component is built for, and its Python modules.
 */
#ifndef SPINDLE_COMPONENTIZE_WORLD_H
#define SPINDLE_COMPONENTIZE_WORLD_H

#include "componentize/options.h"

/* Everything lives in the arena that it was loaded into. */
struct componentize_world {
    struct wit_resolve resolve;
    const struct wit_world *world;
    struct wit_python_options python;
    bool bundled; /* of the WIT that comes with us, whose modules python.vfs has already */
};

/* <prefix>/lib/spindle, with `name` behind it. */
int componentize_library_path(struct arena *a, const char *name, char **ret, struct error *err);

/*
 * Finds the world that the options name: in the folders given by -d, else among the bundled
 * packages, else in ./wit. The resolve can be used even when it is ERROR_NOT_FOUND.
 */
int componentize_world_load(struct arena *a, const struct componentize_options *options,
    struct componentize_world *ret, struct error *err);

/* The `bindings` command: writes the world's modules under options->output_dir. */
int componentize_bindings(
    struct arena *a, const struct componentize_options *options, struct error *err);

#endif
