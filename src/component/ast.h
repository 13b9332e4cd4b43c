/*
 * A component as its binary says it (Binary.md): definitions in order, indices unresolved. Made by
 * decode_*.c, which checks form only; validate_*.c resolves the indices and leaves what the linker
 * needs in the fields named `resolved`.
 *
 * Everything lives in the component's arena or points into the input bytes.
 */
#ifndef SPINDLE_COMPONENT_AST_H
#define SPINDLE_COMPONENT_AST_H

#include "component/types.h"
#include "wasm/module.h"

/* Index spaces. The core ones first. */
enum sort {
    SORT_CORE_FUNC,
    SORT_CORE_TABLE,
    SORT_CORE_MEMORY,
    SORT_CORE_GLOBAL,
    SORT_CORE_TAG,
    SORT_CORE_TYPE,
    SORT_CORE_MODULE,
    SORT_CORE_INSTANCE,
    SORT_FUNC,
    SORT_VALUE,
    SORT_TYPE,
    SORT_COMPONENT,
    SORT_INSTANCE,
    SORT_COUNT,
};
/* "core memory", "function"; for messages. */
const char *sort_name(enum sort sort);

/* A valtype: a primitive, or an index into the type index space. */
struct ast_valtype {
    bool is_index;
    enum wit_kind primitive;
    uint32_t index;
};

struct ast_label {
    struct str name;
    bool has_type;
    struct ast_valtype type;
};

enum ast_type_kind {
    AST_VALUE, /* kind and parts as in wit_type */
    AST_FUNC,
    AST_COMPONENT_TYPE,
    AST_INSTANCE_TYPE,
    AST_RESOURCE,
};

struct ast_type {
    enum ast_type_kind kind;
    size_t offset;
    enum wit_kind value;              /* AST_VALUE; a primitive stands for itself */
    uint32_t count;                   /* of labels: fields, cases, flags, parameters */
    struct ast_label *labels;         /* tuple: names empty */
    bool has_first, has_second;       /* result: ok, error; func: a result */
    struct ast_valtype first, second; /* list, option, func result: first */
    uint32_t index;                   /* own, borrow: the resource; resource: its destructor */
    bool has_dtor;                    /* AST_RESOURCE */
    uint8_t rep;                      /* AST_RESOURCE: core type */
    uint32_t decl_count;              /* component and instance types */
    struct ast_def *decls;
};

/* What a name is imported or exported as. */
struct ast_extern_type {
    enum extern_sort sort;
    bool sub_resource; /* EXTERN_TYPE: (sub resource), else (eq index) */
    uint32_t index;    /* type index; core type index for modules */
};

struct ast_name {
    struct str name;
    bool has_attributes;
    bool has_implements, has_suffix;
    struct str implements, suffix;
};

/* An argument of an instantiation, or an inline export. */
struct ast_item {
    struct str name;
    const struct ast_name *attributes; /* NULL: none */
    enum sort sort;
    uint32_t index;
};

struct ast_instance {
    bool is_inline; /* a bundle of exports; else an instantiation */
    uint32_t index; /* of the module or component instantiated */
    uint32_t count;
    struct ast_item *items;
};

enum ast_alias_kind { ALIAS_EXPORT, ALIAS_CORE_EXPORT, ALIAS_OUTER };

struct ast_alias {
    enum ast_alias_kind kind;
    enum sort sort;
    uint32_t instance; /* exports */
    struct str name;
    uint32_t depth, index; /* outer: scopes outwards */
};

enum ast_canon_kind { CANON_LIFT, CANON_LOWER, CANON_NEW, CANON_DROP, CANON_REP };

enum { OPTION_NONE = UINT32_MAX };

struct ast_options {
    uint8_t encoding;                      /* enum canon_encoding */
    uint32_t memory, realloc, post_return; /* indices, or OPTION_NONE */
};

struct ast_canon {
    enum ast_canon_kind kind;
    uint32_t func; /* lift: core function; lower: function */
    uint32_t type; /* lift: function type; resource ones: the resource */
    struct ast_options options;
};

/* A declaration of a core module type (Binary.md core:moduledecl). */
enum core_decl_kind { CORE_DECL_IMPORT, CORE_DECL_TYPE, CORE_DECL_ALIAS, CORE_DECL_EXPORT };

struct core_decl {
    enum core_decl_kind kind;
    size_t offset;
    struct str module, name;      /* import, export */
    struct wasm_extern_type type; /* import, export; of a function: type_index instead */
    uint32_t type_index;
    struct wasm_func_type *func; /* type */
    uint32_t depth, index;       /* alias */
};

struct ast_core_type {
    struct wasm_func_type *func; /* NULL: a module type */
    uint32_t decl_count;
    struct core_decl *decls;
};

enum ast_def_kind {
    DEF_CORE_MODULE,
    DEF_CORE_INSTANCE,
    DEF_CORE_TYPE,
    DEF_COMPONENT,
    DEF_INSTANCE,
    DEF_ALIAS,
    DEF_TYPE,
    DEF_CANON,
    DEF_IMPORT,
    DEF_EXPORT,
};

struct ast_def {
    enum ast_def_kind kind;
    size_t offset;
    union {
        struct {
            struct str bytes;
            struct wasm_module *module;
        } core_module;
        struct ast_instance core_instance;
        struct ast_core_type core_type;
        struct ast_component *component;
        struct ast_instance instance;
        struct ast_alias alias;
        struct ast_type *type;
        struct ast_canon canon;
        struct {
            struct ast_name name;
            struct ast_extern_type type;
        } import;
        struct {
            struct ast_name name;
            enum sort sort;
            uint32_t index;
            bool has_type; /* a declaration of an export always has one */
            struct ast_extern_type type;
        } export;
    };
    /*
     * By validation. Of imports, exports and instantiations the type as this component sees it,
     * its resources being this component's own view of them. Of a canonical definition: the
     * function's type, or for resource functions the resource.
     */
    struct extern_type resolved;
};

struct ast_component {
    size_t def_count;
    struct ast_def *defs;
    const struct component_type *type; /* by validation */
};

struct component {
    struct arena arena;
    struct ast_component *root;
    size_t module_count; /* of core modules, nested ones included */
};

/* Form only. `depth` counts enclosing components. */
int decode_component(
    struct str bytes, struct arena *a, struct ast_component **ret_component, struct error *err);

#endif
