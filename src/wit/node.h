/*
 * The resolver's own view of types, functions, interfaces and worlds (private to this folder).
 *
 * A node is a type as it is written: named, or one that stands in a place such as `list<u8>`. Its
 * public face, a wit_definition and a wit_type, is made when the node is added to the resolve. Each
 * node is created while its package is read, gets its index when the package is added, and does not
 * change afterwards. Order of creation and of adding is that of wasm-tools, so that indexes agree:
 * a package's types in the order in which they are first needed, with an own<R> in front of the
 * first one that holds the resource, then the own<R> of its functions.
 */
#ifndef SPINDLE_WIT_NODE_H
#define SPINDLE_WIT_NODE_H

#include "base/vec.h"
#include "wit/ast.h"

/* Kinds besides those of wit_kind. */
enum { NODE_ALIAS = WIT_BORROW + 1, NODE_RESOURCE };

struct wit_node;
struct iface_node;
struct world_node;

/* A use of a type: nothing, a primitive, or a node. */
enum ref_kind { REF_NONE, REF_PRIMITIVE, REF_NODE };

struct node_ref {
    enum ref_kind kind;
    enum wit_kind primitive;
    struct wit_node *node;
};

struct node_field {
    struct str name, docs;
    struct wit_at at;
    struct node_ref ref;
};

struct wit_node {
    struct wit_definition def; /* name empty: anonymous */
    int kind;
    bool used;     /* made by `use` */
    bool excluded; /* by its feature gate */
    struct wit_at at;
    struct node_ref first;  /* alias: target; list, option: element; result: ok; own, borrow */
    struct node_ref second; /* result: error */
    struct node_field *fields;
    uint32_t count;
    struct iface_node *interface; /* where a named one stands: one of the two */
    struct world_node *world;
    /* Set by node_add. */
    struct wit_type type;
    struct wit_type borrow;       /* of a resource */
    const struct wit_type *made;  /* what a reference to this node means */
    struct wit_resource resource; /* of a resource */
    bool has_borrow;
};

struct func_node {
    struct wit_func func; /* first: a wit_func of the resolver is one of these */
    struct wit_at at;
    struct wit_node *resource;
    struct node_field *params;
    uint32_t param_count;
    struct node_ref result;
};

struct iface_node {
    struct wit_interface iface; /* first */
    struct wit_at at;
    bool excluded;
    const struct iface_node *copy_of; /* of an inline one that came with an include; else NULL */
    struct map types;                 /* name -> wit_node, in order */
    VEC(struct func_node *) funcs;
};

struct item_node {
    struct wit_item item; /* name: the key, of an interface that is not inline its id */
    struct wit_at at;
    struct iface_node *interface;
    struct func_node *func;
    struct wit_node *type;
};

struct include_node {
    struct wit_at at;
    struct wit_stability stability;
    struct world_node *from;
    const struct ast_rename *names;
    size_t name_count;
};

struct world_node {
    struct wit_world world; /* first */
    struct wit_at at;
    bool excluded;
    VEC(struct item_node) imports, exports;
    VEC(struct include_node) includes;
};

/* Everything that was added, in order. */
struct resolve_lists {
    VEC(struct wit_node *) nodes;
    VEC(struct iface_node *) interfaces;
    VEC(struct world_node *) worlds;
    VEC(struct wit_package *) packages;
    struct map definitions; /* address of a wit_type -> wit_definition */
};

/* An interface or world that a package declares. */
struct package_item {
    const struct ast_item *ast;
    size_t file;
    struct iface_node *interface;
    struct world_node *world;
};

/* A package on its way from files into the resolve. */
struct package_build {
    struct wit_resolve *r;
    struct arena *arena;
    struct error *err;
    struct ast_package_name name;
    struct str docs;
    struct ast_file *files;
    size_t file_count;
    struct wit_package *package;
    struct map items;      /* name -> package_item */
    struct map *file_uses; /* for each file: name of a `use` -> package_item */
    size_t file;           /* whose names are looked up */
    struct map *scope;     /* name -> wit_node of the interface or world being read */
    struct map *taken;     /* its names in lower case -> ast_id */
    VEC(struct wit_node *) nodes;
    VEC(struct iface_node *) interfaces;
    VEC(struct world_node *) worlds;
    struct map anonymous; /* shape of an anonymous type -> wit_node */
    struct map owns;      /* address of a node of a resource -> its own<R> */
};

/* ---- order.c: names sorted by what they need */

struct order_entry {
    struct str name;
    struct wit_at at; /* where messages about a cycle point; without a source: at the need */
    VEC(struct ast_id) needs;
};

/* Indexes of entries, needed ones first, else in the given order. `what` is for messages. */
int wit_order(struct arena *a, const char *what, const struct order_entry *entries, size_t count,
    uint32_t *ret_order, struct error *err);

/* ---- version.c */

/* Orders by semantic versioning; an empty version comes first. */
int version_compare(struct str a, struct str b);
int package_name_compare(const struct ast_package_name *a, const struct ast_package_name *b);
/* "ns:name@version" */
struct str package_name_text(struct arena *a, const struct ast_package_name *name);

/* ---- node.c */

struct str address_key(struct arena *a, const void *pointer);
/* The node at the end of a chain of aliases. */
struct wit_node *node_base(struct wit_node *node);
/* An existing anonymous node of this shape, else a new one with these contents. */
int node_intern(struct package_build *b, const struct wit_node *shape, struct node_ref *ret);
/* Gives the node its index and public face. */
int node_add(struct wit_resolve *r, struct wit_node *node, struct error *err);
/* Makes a reference to a resource one to its own<R>; refuses what a gate has excluded. */
int node_ref_settle(struct package_build *b, struct wit_at at, struct node_ref *ref);
/* Settles and adds every node of the package that its gates leave in. */
int nodes_add(struct package_build *b);
/* Settles a function's types and makes its public face. */
int func_add(struct package_build *b, struct func_node *func);
/* Public face of a reference; NULL for REF_NONE. */
const struct wit_type *ref_type(const struct node_ref *ref);
/* Are items with these gates left in? -1 if a gate names a version that the package does not have.
 */
int gate_included(struct package_build *b, const struct wit_stability *s, struct wit_at at);
bool stability_known(const struct wit_stability *s);

/* ---- package.c */

int build_out_of_memory(struct package_build *b);
/* Calls `visit` for each path in a file, in the order in which they make dependencies. */
struct path_visit {
    const struct ast_item *user; /* the interface that uses, the world that includes, or NULL */
    const struct ast_path *path;
    const struct wit_stability *stability;
};
typedef int visit_path_fn(void *context, const struct path_visit *visit);
int visit_paths(const struct ast_file *file, visit_path_fn *visit, void *context);

/* What a path names: sets one of the two. */
int path_resolve(struct package_build *b, const struct ast_path *path,
    struct iface_node **ret_interface, struct world_node **ret_world);
int path_resolve_interface(
    struct package_build *b, const struct ast_path *path, struct iface_node **ret);

int interface_resolve(
    struct package_build *b, const struct ast_item *ast, struct iface_node *interface);
struct iface_node *interface_new(struct package_build *b, struct wit_at at);

/* Reads the files of b and adds the package to the resolve. */
int package_add(struct package_build *b);

/* ---- types.c */

/* Takes a name among `taken`; one that is there already, in whatever case, is an error, where
 * `twice` completes "`x` is ...". */
int name_claim(
    struct package_build *b, struct map *taken, const struct ast_id *id, const char *twice);

/* Reads `use`s and type definitions into b->scope. The owner is one of the two. */
int types_resolve(struct package_build *b, const struct ast_item *items, size_t count,
    struct iface_node *interface, struct world_node *world);
int func_resolve(struct package_build *b, const struct ast_func *ast, const struct ast_id *resource,
    struct func_node **ret);

/* ---- world.c */

int world_resolve(struct package_build *b, const struct ast_item *ast, struct world_node *world);
/* Settles what the world itself names. */
int world_settle(struct package_build *b, struct world_node *world);
/* Expands includes and adds what imports and exports need. */
int world_elaborate(struct package_build *b, struct world_node *world);
/* Public face. */
int world_finish(struct package_build *b, struct world_node *world);

#define BUILD_PUSH(b, vec)                                         \
    ({                                                             \
        __typeof__((vec)->data) slot_ = VEC_PUSH(vec, (b)->arena); \
        if (!slot_)                                                \
            return build_out_of_memory(b);                         \
        slot_;                                                     \
    })

#endif
