/*
 * WIT text (Component Model, WIT.md) read into packages, interfaces and worlds.
 *
 * A resolve holds any number of packages: the ones that were added and what lies in their deps/
 * folders. Everything it hands out lives in its arena and is immutable; the order of packages,
 * interfaces, types and functions is the one in which wasm-tools lists them (dependencies first).
 *
 * Errors that a text causes are ERROR_INVALID (or ERROR_UNSUPPORTED for what belongs to WASI 0.3),
 * with the message "file:line:column: what"; lines and columns count from 1, columns in bytes.
 */
#ifndef SPINDLE_WIT_RESOLVE_H
#define SPINDLE_WIT_RESOLVE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "wit/type.h"

struct wit_interface;
struct wit_world;
struct wit_package;
struct resolve_lists;

/* What an item's gates said (@since, @unstable, @deprecated); empty texts where absent. */
struct wit_stability {
    struct str since, feature, deprecated;
};

enum wit_definition_kind {
    WIT_DEFINES, /* record, variant, enum, flags or resource: a type of its own */
    WIT_ALIAS,   /* `type a = b` */
    WIT_USES,    /* `use i.{a}` */
};

/*
 * A named type of an interface or world. For WIT_DEFINES `type` is a pointer that nothing else
 * defines, named as the definition; aliases and uses share the pointer of what they name. A
 * resource stands as its WIT_OWN type.
 */
struct wit_definition {
    struct str name;
    struct str docs;
    struct wit_stability stability;
    enum wit_definition_kind kind;
    const struct wit_type *type;
    const struct wit_resource *resource; /* of a resource, its aliases and uses; else NULL */
    const struct wit_definition *target; /* what an alias or use names directly; NULL: not named */
    const struct wit_interface *interface; /* where it stands: one of the two is set */
    const struct wit_world *world;
    const struct str *member_docs; /* one for each of type->fields, where it defines some */
    uint32_t index;                /* in the list of all types, anonymous ones counted */
};

enum wit_func_kind { WIT_FREESTANDING, WIT_METHOD, WIT_STATIC, WIT_CONSTRUCTOR };

/* A method has its first parameter `self: borrow<R>`; a constructor's result is own<R>. */
struct wit_func {
    struct str name;  /* canonical: "[method]fields.get" */
    struct str label; /* "get"; of a constructor "constructor" */
    struct str docs;
    struct wit_stability stability;
    enum wit_func_kind kind;
    const struct wit_definition *resource; /* unless freestanding */
    struct wit_func_type type;
};

struct wit_interface {
    struct str name; /* empty: inline in a world */
    struct str id;   /* "wasi:http/types@0.2.0"; of an inline one, its key in the world */
    struct str docs;
    struct wit_stability stability;
    const struct wit_package *package;
    const struct wit_definition **types; /* in order of declaration */
    uint32_t type_count;
    const struct wit_func **funcs;
    uint32_t func_count;
    uint32_t index;
};

enum wit_item_kind { WIT_ITEM_INTERFACE, WIT_ITEM_FUNC, WIT_ITEM_TYPE };

/* An import or export of a world. */
struct wit_item {
    enum wit_item_kind kind;
    struct str name; /* of an interface its id, else the label */
    const struct wit_interface *interface;
    const struct wit_func *func;
    const struct wit_definition *type;
    struct str docs; /* of the import or export statement (interfaces only) */
    struct wit_stability stability;
};

/* Imports and exports are elaborated: what an interface uses is imported too. */
struct wit_world {
    struct str name;
    struct str docs;
    struct wit_stability stability;
    const struct wit_package *package;
    const struct wit_item *imports, *exports;
    uint32_t import_count, export_count;
    uint32_t index;
};

struct wit_package {
    struct str namespace, name, version; /* version may be empty */
    struct str full_name;                /* "wasi:http@0.2.0" */
    struct str docs;
    const struct wit_interface **interfaces;
    uint32_t interface_count;
    const struct wit_world **worlds;
    uint32_t world_count;
    uint32_t index;
};

struct wit_features {
    bool all;
    const char *const *names; /* of @unstable features that are switched on */
    size_t count;
};

struct wit_resolve {
    struct arena *arena;
    struct wit_features features;
    struct wit_package **packages; /* dependencies before their users */
    uint32_t package_count;
    struct wit_interface **interfaces;
    uint32_t interface_count;
    struct wit_world **worlds;
    uint32_t world_count;
    struct resolve_lists *lists; /* private (wit/node.h) */
};

/* The resolve keeps `a` and the features' names. */
void wit_resolve_init(struct wit_resolve *r, struct arena *a, struct wit_features features);

/*
 * Adds a .wit file, or a folder: its *.wit files are one package, each entry of its deps/ folder
 * (a file, or a folder of files) is one more. A package that is already there is not read again.
 * ret_main is the file's or folder's own package.
 */
int wit_resolve_add(struct wit_resolve *r, const char *path, const struct wit_package **ret_main,
    struct error *err);

/* As a file named `name` with this text. */
int wit_resolve_add_text(struct wit_resolve *r, const char *name, struct str text,
    const struct wit_package **ret_main, struct error *err);

/* "wasi:http/types@0.2.0"; NULL if there is none. */
const struct wit_interface *wit_resolve_interface(const struct wit_resolve *r, struct str id);

/*
 * A world by name: "world" in `main`, "ns:pkg/world@version" anywhere; the version may be left out
 * where only one version of the package is there. An empty name is main's only world. Errors are
 * ERROR_NOT_FOUND.
 */
int wit_resolve_world(const struct wit_resolve *r, const struct wit_package *main, struct str name,
    const struct wit_world **ret_world, struct error *err);

/* The definition (of kind WIT_DEFINES) whose type this is; NULL for an anonymous type. Own and
 * borrow types are their resource's. */
const struct wit_definition *wit_resolve_definition(
    const struct wit_resolve *r, const struct wit_type *type);

/* Appends what `wasm-tools component wit --json` prints for these packages (wit/json.c). */
void wit_resolve_json(const struct wit_resolve *r, struct buf *out);

#endif
