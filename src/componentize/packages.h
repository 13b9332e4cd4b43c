/*
 * Packages on the search path that bring a world of their own: what their componentize-py.toml
 * says. A component has the union of all worlds; each world's modules lie where its package wants
 * them.
 */
#ifndef SPINDLE_COMPONENTIZE_PACKAGES_H
#define SPINDLE_COMPONENTIZE_PACKAGES_H

#include "base/vec.h"
#include "componentize/options.h"

/* A world with its modules. */
struct package_world {
    const struct wit_world *world;
    struct wit_python_options python; /* module: "foo_sdk.wit" */
    bool bundled;                     /* python.vfs has its modules */
};

struct package_list {
    struct package_world *data;
    size_t len, cap;
};

/*
 * Appends the worlds of packages directly in folders of the search path; the first package of a
 * name counts, and the SDK is left out. A package's world is the one that -m names for it, else the
 * one of -w, if its WIT folder has that. Errors of a toml file have its path and line;
 * ERROR_NOT_FOUND where -m names what is not there.
 */
int packages_load(struct arena *a, const struct componentize_options *options,
    const struct string_list *search_path, struct wit_resolve *resolve, struct package_list *ret,
    struct error *err);

/* All imports and exports of the worlds, each once, under the first one's name. */
int packages_merge(struct arena *a, const struct package_list *worlds, const struct wit_world **ret,
    struct error *err);

#endif
