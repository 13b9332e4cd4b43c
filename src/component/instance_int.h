/*
 * A running component instance: what instance.c, call.c and host.c share.
 */
#ifndef SPINDLE_COMPONENT_INSTANCE_INT_H
#define SPINDLE_COMPONENT_INSTANCE_INT_H

#include "base/limits.h"
#include "component/handles.h"
#include "component/program.h"

/* A component instance of the program (program_part), with its state. */
struct component_part {
    struct component_instance *instance;
    struct handle_table handles;
    uint32_t parent; /* index, or NO_INDEX */
    uint32_t index;
    bool may_leave; /* not during realloc and post-return */
    bool entered;   /* running; stays so after a trap */
};

/* Canonical options, resolved. */
struct call_options {
    enum canon_encoding encoding;
    struct wasm_memory *memory;
    struct wasm_func *realloc, *post_return;
};

/* A program_trampoline, as the data of its core function. */
struct trampoline {
    const struct program_trampoline *program;
    struct component_part *part;
    struct call_options options;
    struct wasm_func *func;
    struct component_func *callee; /* lowered lifted function */
};

/* A lifted function. */
struct component_func {
    const struct program_func *program;
    struct component_part *part;
    struct wasm_func *core;
    struct call_options options;
};

/* A handle that is lent to a running call. */
struct lend {
    struct component_part *part;
    uint32_t handle;
};

/* Memory for the values of one call between components; one for each depth of such calls. */
struct scratch {
    struct arena arena;
    struct scratch *next;
};

struct component_instance {
    const struct component_program *program;
    struct wasm_store *store;
    struct arena arena; /* the running request's */
    void *host;
    struct component_part *parts;
    struct wasm_instance **cores;    /* by step */
    struct trampoline **trampolines; /* made when first needed */
    struct component_func *funcs;    /* by program_func.index */
    struct wasm_func **dtors;        /* by program_resource.dtor_index */
    struct component_part *give_to;  /* component_instance_give */
    struct lend *lends;
    size_t lend_count, lend_cap;
    struct scratch *scratch_free, *scratch_used; /* used: innermost call first */
};

/* instance.c */
void *instance_host(const struct component_instance *instance, uint32_t host_index);
/* Drops the object behind an own handle of a host's resource. */
void drop_host_object(struct component_instance *instance, const void *tag, void *rep);

/* call.c */
enum wasm_trap_kind trampoline_body(
    void *data, struct wasm_store *store, union wasm_value *slots, struct wasm_trap *trap);
/* Marks the handle lent until lends_return to the mark before it. False when memory is short. */
MUST_CHECK bool lends_add(struct component_part *part, uint32_t handle);
void lends_return(struct component_instance *instance, size_t mark);
/* realloc of the options, with may_leave off meanwhile. */
enum wasm_trap_kind call_realloc(struct component_part *part, struct wasm_func *func, uint32_t old,
    uint32_t old_size, uint32_t align, uint32_t new_size, uint32_t *ret_ptr,
    struct wasm_trap *trap);
/*
 * Any lifted function with values: for tests and for calls that are not hot. Values of the result
 * live in the instance's arena.
 */
MUST_CHECK int component_call_values(struct component_func *func, const struct canon_value *args,
    struct canon_value *ret_result, struct wasm_trap *ret_trap);

#endif
