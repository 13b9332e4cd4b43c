/*
 * A linked component: the tree of component instances flattened to a list of core instantiations
 * with everything they need. Instantiation is static in the component model, so that this is worked
 * out once for all instances.
 *
 *     component (ast.h) ──link.c──> program ──instance.c──> instances
 *
 * Immutable once made; everything lives in the program's arena.
 */
#ifndef SPINDLE_COMPONENT_PROGRAM_H
#define SPINDLE_COMPONENT_PROGRAM_H

#include "base/vec.h"
#include "component/ast.h"
#include "component/canon.h"
#include "component/component.h"

enum { NO_INDEX = UINT32_MAX };

/* Where a core function, table, memory or global comes from. */
struct core_source {
    bool is_trampoline; /* then a function: trampolines[index] */
    uint32_t index;     /* else an export of steps[index] */
    struct str name;
};

/*
 * A resource at run time. Identity in handle tables is `type.tag`: the host resource, or this
 * struct.
 */
struct program_resource {
    struct wit_resource type;
    const struct component_host_resource *host; /* NULL: a component's own */
    uint32_t host_index;                        /* of program->hosts */
    uint32_t part;                              /* the component instance that implements it */
    bool has_dtor;
    struct core_source dtor;
    uint32_t dtor_index; /* of the instance's dtors */
};

/* A component instance inside the program. [0] is the outermost one. */
struct program_part {
    uint32_t parent; /* NO_INDEX for the outermost */
};

struct program_options {
    enum canon_encoding encoding;
    bool has_memory, has_realloc, has_post_return;
    struct core_source memory, realloc, post_return;
};

/* A function of a component: lifted from a core function, or the host's. */
struct program_func {
    const struct wit_func_type *type;       /* resources are program_resource.type or the host's */
    const struct component_host_func *host; /* NULL: lifted */
    uint32_t host_index;
    uint32_t index; /* lifted: of the instance's funcs */
    uint32_t part;
    struct core_source core;
    struct program_options options;
    struct wit_core_type core_type;
};

/* A core function that the canonical ABI makes. */
struct program_trampoline {
    enum ast_canon_kind kind; /* not CANON_LIFT */
    uint32_t part;            /* the component instance that calls it */
    const struct program_func *callee;
    struct program_options options;
    const struct program_resource *resource;
    const struct wasm_func_type *core_type;
    /* Component instances that a call enters: from the callee's (or the resource's) part upwards
     * until this one, exclusively; NO_INDEX: to the outermost. */
    uint32_t enter_until;
};

/* One core instantiation. */
struct program_step {
    const struct wasm_module *module;
    struct wasm_code_unit *code;
    struct core_source *imports;
    /* By import: it only forwards to an element of a table that never changes once instances are
     * made (shim.c). */
    struct program_forward *forwards; /* NULL: none */
};

struct program_forward {
    bool is_forward;
    uint32_t element;
    struct str table; /* export of the step that the import comes from */
};

/* What the outermost component exports. */
struct program_export {
    struct str interface, name;
    const struct program_func *func;
};

struct component_program {
    struct arena arena;
    const struct component *component;
    const struct component_host *hosts; /* a copy */
    size_t host_count;
    struct wasm_store_limits limits;
    VEC(struct program_part) parts;
    VEC(struct program_resource *) resources;
    VEC(struct program_func *) funcs; /* lifted */
    VEC(struct program_trampoline *) trampolines;
    VEC(struct program_step) steps;
    VEC(struct program_export) exports;
    uint32_t dtor_count;
};

/* link_host.c: the host's offer for an import, as a type. NULL if there is none. */
const struct component_host *find_host(
    const struct component_program *program, struct str name, uint32_t *ret_index);
/* Is "ns:pkg/iface@1.2.3" the same interface in a compatible version? */
bool interface_compatible(struct str a, struct str b);
int host_instance_type(struct arena *a, const struct component_host_interface *interface,
    const struct instance_type **ret_type, struct error *err);

/* shim.c: fills in `forwards` of all steps. */
int find_forwards(struct component_program *program, struct error *err);

#endif
