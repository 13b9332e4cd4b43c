/*
 * Types of everything that a component can import or export, resolved: indices are gone, resources
 * are pointers. Value and function types are those of wit/type.h.
 *
 * A component or instance type may bind resources: they stand for a resource to be supplied
 * (imports) or made (exports) at each instantiation, and are replaced then (type_open_instance,
 * type_instantiate). Types are immutable and live in the arena of the component they came from.
 */
#ifndef SPINDLE_COMPONENT_TYPES_H
#define SPINDLE_COMPONENT_TYPES_H

#include "base/error.h"
#include "base/map.h"
#include "wasm/module.h"
#include "wit/type.h"

enum extern_sort {
    EXTERN_MODULE,
    EXTERN_FUNC,
    EXTERN_VALUE,
    EXTERN_TYPE,
    EXTERN_COMPONENT,
    EXTERN_INSTANCE,
};
const char *extern_sort_name(enum extern_sort sort);

struct component_type;
struct instance_type;

enum type_sort { TYPE_VALUE, TYPE_FUNC, TYPE_COMPONENT, TYPE_INSTANCE, TYPE_RESOURCE };

/* An entry of the type index space. */
struct defined_type {
    enum type_sort sort;
    union {
        const struct wit_type *value;
        const struct wit_func_type *func;
        const struct component_type *component;
        const struct instance_type *instance;
        const struct wit_resource *resource;
    };
};

struct module_type {
    uint32_t import_count, export_count;
    struct wasm_import *imports;
    struct {
        struct str name;
        struct wasm_extern_type type;
    } *exports;
};

struct extern_type {
    enum extern_sort sort;
    bool sub_resource; /* EXTERN_TYPE: type.resource is bound by the type around it */
    union {
        const struct module_type *module;
        const struct wit_func_type *func;
        struct defined_type type;
        const struct component_type *component;
        const struct instance_type *instance;
    };
};

struct named_extern {
    struct str name;
    struct extern_type type;
};

struct instance_type {
    size_t count;
    const struct named_extern *exports;
    /* Resources that exports bind, those of nested instances included. None once opened. */
    size_t bound_count;
    const struct wit_resource *const *bound;
    uint64_t nodes; /* after expanding: bounds every walk */
};

struct component_type {
    size_t import_count, export_count;
    const struct named_extern *imports, *exports;
    size_t bound_import_count, bound_export_count;
    const struct wit_resource *const *bound_imports, *const *bound_exports;
    uint64_t nodes;
};

/*
 * What is known of a value type that the decoder made, beyond what wit_type says. `type` is first:
 * type_info finds it from the wit_type.
 */
struct value_type {
    struct wit_type type;
    uint32_t nodes; /* after expanding: bounds every walk */
    uint32_t depth;
    uint64_t size64; /* elem_size with 64-bit pointers: bounded by the specification */
    uint32_t align64;
    bool has_borrow, has_resource;
};
const struct value_type *value_type_of(const struct wit_type *type);
/*
 * Fills in what follows from the parts, which are there already. ERROR_INVALID when the type is too
 * large, ERROR_LIMIT when too deep.
 */
int value_type_finish(struct value_type *type, struct error *err);

/* Nodes of all of them together. */
uint64_t extern_nodes(const struct extern_type *type);
uint64_t extern_list_nodes(const struct named_extern *list, size_t count);
const struct named_extern *find_extern(
    const struct named_extern *list, size_t count, struct str name);

/* A set of replacements of resources. Later ones win; chains are followed. */
struct type_map {
    struct arena *arena;
    struct map resources; /* keyed by pointer */
    struct map memo;      /* of types already replaced, keyed by pointer */
    /* Value types too: checking puts what `b` calls a type under what `a` supplies for it. */
    bool values;
};

void type_map_init(struct type_map *m, struct arena *a);
MUST_CHECK bool type_map_put_value(
    struct type_map *m, const struct wit_type *from, const struct wit_type *to);
MUST_CHECK bool type_map_put(
    struct type_map *m, const struct wit_resource *from, const struct wit_resource *to);
const struct wit_resource *type_map_get(
    const struct type_map *m, const struct wit_resource *resource);

/* Types with resources replaced; unchanged parts are shared. NULL when memory is short. */
const struct wit_type *type_replace_value(struct type_map *m, const struct wit_type *type);
const struct wit_func_type *type_replace_func(struct type_map *m, const struct wit_func_type *type);
int type_replace_extern(struct type_map *m, const struct extern_type *type,
    struct extern_type *ret_type, struct error *err);

/* A resource of its own. */
const struct wit_resource *type_fresh_resource(struct arena *a, struct str name);
/*
 * The same resource under another name: equal to it, but not the same pointer, which is what the
 * rules of external visibility go by. Its tag is the resource itself.
 */
const struct wit_resource *type_alias_resource(
    struct arena *a, struct str name, const struct wit_resource *resource);
/* The pointer that all names of a resource share. */
static inline const void *resource_key(const struct wit_resource *resource)
{
    return resource->tag ? resource->tag : resource;
}
/* Replaces what the type binds by fresh resources, which are appended to `fresh`. */
struct resource_list {
    const struct wit_resource **data;
    size_t len, cap;
};
int type_open_instance(struct arena *a, const struct instance_type *type,
    struct resource_list *fresh, const struct instance_type **ret_type, struct error *err);

/*
 * Is a value of type `a` usable where `b` is wanted? Resources that `b` binds are matched with
 * those of `a` and put into the map. ERROR_INVALID says what differs.
 */
int type_check_extern(struct type_map *m, const struct extern_type *a, const struct extern_type *b,
    struct error *err);
int type_check_module(const struct module_type *a, const struct module_type *b, struct error *err);

/* The type of a core module, as a module type. NULL when memory is short. */
const struct module_type *module_type_of(struct arena *a, const struct wasm_module *module);

/* A pointer as a key of a map; its bytes are copied to the arena. */
struct str pointer_key(struct arena *a, const void *const *pointer);

#endif
