/*
 * Shared by the validate_*.c files.
 *
 * A scope is what has index spaces of its own: a component, a component type, an instance type.
 * They nest; only outer aliases see through.
 */
#ifndef SPINDLE_COMPONENT_VALIDATE_INT_H
#define SPINDLE_COMPONENT_VALIDATE_INT_H

#include "base/vec.h"
#include "component/names.h"
#include "component/validate.h"

enum scope_kind { SCOPE_COMPONENT, SCOPE_COMPONENT_TYPE, SCOPE_INSTANCE_TYPE };

struct core_type {
    const struct wasm_func_type *func; /* NULL: a module type */
    const struct module_type *module;
};

/* One side, imports or exports, of a scope. */
struct side {
    VEC(struct named_extern) list;
    struct map names;     /* strongly-unique */
    struct map resources; /* by label: const struct wit_resource * */
    /* Value types and resources, by pointer, that have a name which the outside can see. */
    struct map visible;
    struct resource_list bound;
};

struct scope {
    enum scope_kind kind;
    struct scope *parent;
    VEC(const struct wasm_func_type *) core_funcs;
    VEC(struct wasm_table_type) core_tables;
    VEC(struct wasm_limits) core_memories;
    VEC(struct wasm_global_type) core_globals;
    VEC(struct core_type) core_types;
    VEC(const struct module_type *) core_modules;
    VEC(const struct module_type *) core_instances; /* exports alone */
    VEC(const struct wit_func_type *) funcs;
    VEC(struct defined_type) types;
    VEC(const struct component_type *) components;
    VEC(const struct instance_type *) instances;
    struct side imports, exports;
    struct map local; /* resources defined here, by pointer */
};

struct validator {
    struct arena *arena;
    struct error *err;
    const struct component_native_options *native;
    unsigned depth;
    uint64_t work; /* nodes of types walked so far: bounds repeated use of large ones */
};

PRINTF_LIKE(2, 3) int invalid(struct validator *v, const char *fmt, ...);
int out_of_memory(struct validator *v);
int unknown_index(struct validator *v, enum sort sort, uint32_t index);

/* What a fresh resource counts for: replacing it takes as much memory as that many nodes. */
enum { RESOURCE_NODES = 64 };
/* Before walking a type of so many nodes. */
int spend(struct validator *v, uint64_t nodes);
/* A type that is about to be made. */
int check_nodes(struct validator *v, uint64_t nodes);

/* Pushes onto one of a scope's vectors. */
#define SCOPE_PUSH(v, vec, value)                                  \
    ({                                                             \
        __typeof__((vec)->data) slot_ = VEC_PUSH(vec, (v)->arena); \
        if (slot_)                                                 \
            *slot_ = (value);                                      \
        slot_ ? 0 : out_of_memory(v);                              \
    })

bool set_has(const struct map *set, const void *pointer);
int set_add(struct validator *v, struct map *set, const void *pointer);
void scope_init(struct validator *v, struct scope *s, enum scope_kind kind, struct scope *parent);

/* validate_types.c */
int validate_type(struct validator *v, struct scope *s, const struct ast_type *type,
    struct defined_type *ret_type);
int validate_core_type(struct validator *v, struct scope *s, const struct ast_core_type *type,
    struct core_type *ret_type);
int type_at(struct validator *v, const struct scope *s, uint32_t index, enum type_sort sort,
    struct defined_type *ret_type);
/* What is resolved from the type index space; bound resources still bound. */
int validate_extern_type(struct validator *v, struct scope *s, const struct ast_extern_type *type,
    struct extern_type *ret_type);
/* No two imports, or exports (module.ptr NULL), of a module have the same name. */
int check_core_name(struct validator *v, struct map *names, struct str module, struct str name);
bool type_has_free_resource(struct validator *v, const struct defined_type *type);

/* validate_names.c */
/* Checks a name against its type and enters it into the side; *type is what the scope sees. */
int declare_extern(struct validator *v, struct scope *s, bool is_import,
    const struct ast_name *name, struct extern_type *type);
/* Of a list of inline exports: the names and annotations alone. */
int check_inline_names(
    struct validator *v, const struct ast_instance *instance, const struct named_extern *exports);

/* validate_core.c */
int validate_core_instance(
    struct validator *v, struct scope *s, const struct ast_instance *instance);
int validate_canon(struct validator *v, struct scope *s, struct ast_def *def);
int validate_core_alias(struct validator *v, struct scope *s, const struct ast_alias *alias);

/* validate.c */
int push_extern(struct validator *v, struct scope *s, const struct extern_type *type);
int validate_alias(struct validator *v, struct scope *s, const struct ast_alias *alias);

#endif
