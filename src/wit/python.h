/*
 * Python modules for a world: what an application imports to call its imports, and the protocols
 * that it implements.
 *
 *     __init__.py     functions and types of the world itself, the protocol of its own exports
 *     types.py        Ok, Err, Some, Result
 *     _binding.py     the way to the runtime's built-in module
 *     imports/x.py    each imported interface
 *     exports/x.py    types that only an exported interface has
 *     exports/__init__.py  a protocol for each exported interface
 *     _exports.py     what the runtime calls of the application
 *
 * Names follow componentize-py, so that code written for it runs unchanged; each variant's case
 * class X_Y has the older name XY besides, and an interface whose short name clashes with another's
 * is there under each name that some version of componentize-py gives it.
 */
#ifndef SPINDLE_WIT_PYTHON_H
#define SPINDLE_WIT_PYTHON_H

#include "wit/resolve.h"

/* "ns:pkg/interface@version" to the name of its module. */
struct wit_python_name {
    struct str interface, module;
};

struct wit_python_options {
    struct str module; /* where the tree will be imported from: "spin_sdk.wit" */
    const struct wit_python_name *import_names, *export_names;
    size_t import_name_count, export_name_count;
    bool full_names; /* every module under its longest name */
};

struct wit_python_file {
    struct str path; /* "imports/types.py" */
    struct str text;
};

struct wit_python {
    const struct wit_python_file *files;
    size_t count;
};

/* Files and their texts live in the resolve's arena. */
int wit_python_generate(const struct wit_resolve *r, const struct wit_world *world,
    const struct wit_python_options *options, struct wit_python *ret, struct error *err);

/* The class or protocol of an exported interface: "IncomingHandler"; in the resolve's arena. */
struct str wit_python_protocol(const struct wit_resolve *r, const struct wit_world *world,
    const struct wit_python_options *options, const struct wit_interface *interface);

#endif
