/*
 * Writes a component around one core module, the way that WIT worlds are encoded: what
 * `wasm-tools component new` would make of the same module and world.
 *
 * Core names (as wit-bindgen has them). Imports of the module: (interface, function), ("$root",
 * function) for functions of the world itself, (interface, "[resource-drop]r"), and
 * ("[export]" interface, "[resource-new]r", "[resource-rep]r", "[resource-drop]r") for resources
 * that the module implements. Exports: "memory", "cabi_realloc", interface "#" function (a bare
 * function name for the world's own), "cabi_post_" and that name (optional), and
 * interface "#[dtor]r" (optional).
 *
 * A module that serves many worlds may import ("spindle", "call") instead, and export
 * "spindle_dispatch": see `bindings` and `dispatches`.
 *
 * Everything here is borrowed for the call only.
 */
#ifndef SPINDLE_COMPONENT_ENCODE_H
#define SPINDLE_COMPONENT_ENCODE_H

#include "base/error.h"
#include "wit/type.h"

struct encode_interface;

/*
 * A named type of an interface, in order of declaration. Types inside functions and other types
 * refer to a named type by the pointer in `type`; own and borrow refer to a resource by the pointer
 * in `resource`. A pointer that no named type of the interface has is written out structurally.
 */
struct encode_type {
    struct str name;
    const struct wit_type *type;         /* a value type; NULL for a resource */
    const struct wit_resource *resource; /* a resource; NULL for a value type */
    /*
     * `use`d from another interface: that interface (an element of the input's imports, or of its
     * exports when the user is exported too) and the name there. NULL: declared here.
     */
    const struct encode_interface *from;
    struct str from_name;
};

struct encode_func {
    struct str name; /* "handle", "[method]fields.get", "[constructor]fields" */
    const struct wit_func_type *type;
};

struct encode_interface {
    struct str name; /* "wasi:http/types@0.2.0" */
    size_t type_count;
    const struct encode_type *types;
    size_t func_count;
    const struct encode_func *funcs;
};

/*
 * A core import that the module reaches by number, which is its place in the list. Names are those
 * of core imports above; empty where a number stands for nothing.
 *
 * call(number: i32, arguments: i32, results: i32) takes flat arguments from memory, 8 bytes each,
 * and puts a flat result there. Its body is a module that the encoder writes.
 */
struct encode_binding {
    struct str module, name; /* "wasi:http/types@0.2.0", "[method]fields.get" */
};

/*
 * An export that the module implements by number, unless it has the core export itself: exports
 * spindle_arguments() -> address of 17 slots for flat arguments, 8 bytes each;
 * spindle_dispatch(number) -> the flat result's bits; spindle_dispatched(), after a result in
 * memory has been read.
 */
struct encode_dispatch {
    struct str interface, name; /* empty for the world's own; "[dtor]r" for a destructor */
};

/*
 * Imports come in such an order that each uses only earlier ones; exports likewise. An imported
 * interface whose functions the module does not import is written with its types alone, and left
 * out if nothing uses these either.
 */
struct encode_input {
    struct str module;
    size_t import_count;
    const struct encode_interface *imports;
    size_t export_count;
    const struct encode_interface *exports;
    /* Functions of the world itself, with their types; NULL for none. Names stay empty. */
    const struct encode_interface *root_imports, *root_exports;
    size_t binding_count;
    const struct encode_binding *bindings;
    size_t dispatch_count;
    const struct encode_dispatch *dispatches;
    /* Modules of core imports that the component does without: calling one of them traps. */
    size_t absent_count;
    const struct str *absent;
    /* Written as the "producers" section's "processed-by" field; empty for none. */
    struct str producer, producer_version;
};

/*
 * Appends the component to `out`. ERROR_LINK names a core import that no interface has, or a core
 * export that the world needs and the module lacks or has with another type; ERROR_LIMIT when `out`
 * is too small.
 */
int component_encode(const struct encode_input *input, struct buf *out, struct error *err);

#endif
