/*
 * witc's view of resolved WIT: interfaces, what they define, and which interface owns what.
 *
 * witc reads the packages under wit/ and writes C (and Python) that cannot disagree with them:
 *
 *     wit/ ─wit resolver─> model (load.c) ─┬─> host_header.c, host_types.c, host_values.c,
 *                                          │   host_wrapper.c: host C, .h and .c per interface
 *                                          └─> guest.c: the guest's imports
 *
 * Output is a function of the input alone. Everything lives in one arena until the program ends.
 */
#ifndef SPINDLE_WITC_MODEL_H
#define SPINDLE_WITC_MODEL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "wit/type.h"

struct witc_interface;

/* A named type of an interface: its own, an alias, or one that it uses. */
struct witc_type {
    struct str name;
    const struct wit_type *type;         /* NULL for a resource */
    const struct wit_resource *resource; /* NULL for a value type */
    const struct witc_interface *owner;  /* that defines it */
    bool defines_resource;               /* this is the definition of `resource` */
};

struct witc_func {
    struct str name; /* "[method]fields.get" */
    const struct wit_func_type *type;
};

struct witc_interface {
    struct str name;    /* "wasi:http/types@0.2.0" */
    const char *prefix; /* "wasi_http_types" */
    size_t type_count;
    struct witc_type *types;
    size_t func_count;
    struct witc_func *funcs;
};

/* Who defined a value type or resource. */
struct witc_owner {
    const void *key; /* struct wit_type * or struct wit_resource * */
    const struct witc_interface *interface;
};

struct witc_model {
    struct arena *arena;
    size_t interface_count;
    struct witc_interface *interfaces; /* sorted by name */
    size_t owner_count;
    struct witc_owner *owners; /* sorted by key */
};

/* Reads every package under a folder. */
int witc_load(const char *folder, struct arena *a, struct witc_model *ret_model, struct error *err);
const struct witc_interface *witc_find(const struct witc_model *model, struct str name);
/* The interface that defines a type or resource; NULL for a type without a name. */
const struct witc_interface *witc_owner(const struct witc_model *model, const void *key);

/* Names (names.c). */

/* "fields_get" of "[method]fields.get"; "fields_new" of "[constructor]fields". */
const char *witc_func_name(struct arena *a, struct str name);
/* A kebab-case label as a C identifier; a C keyword gets an underscore. */
const char *witc_label(struct arena *a, struct str name);
const char *witc_upper(struct arena *a, struct str name);
/*
 * The C type of a value as written in C ("struct wasi_http_types_method"). Types without a name of
 * their own belong to `context`, the interface in whose header they are declared.
 */
const char *witc_c_type(const struct witc_model *model, const struct witc_interface *context,
    const struct wit_type *type);
/* The same without "struct" or "enum", for the names of helper functions. */
const char *witc_c_tag(const struct witc_model *model, const struct witc_interface *context,
    const struct wit_type *type);
/* The interface whose header declares the type: its owner, else the context. */
const struct witc_interface *witc_context(const struct witc_model *model,
    const struct witc_interface *context, const struct wit_type *type);
/* Is it a list<u8>, which is a struct str in C? */
bool witc_is_bytes(const struct wit_type *type);
/* Has it a C struct (record, tuple, variant, option, result, list but of bytes)? */
bool witc_is_composite(const struct wit_type *type);

/* Has the hand-written part anything to do (functions or resources)? */
bool witc_has_functions(const struct witc_interface *interface);

/* Output. Each appends to a buffer that is checked once at the end. */

void witc_host_header(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out);
void witc_host_source(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out);
/* The static wit_type and wit_func_type data of an interface: `types`, `func_types`. */
void witc_host_types(
    const struct witc_model *model, const struct witc_interface *interface, struct buf *out);

#endif
