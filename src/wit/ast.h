/*
 * WIT text as it is written: what the parser makes and the resolver reads. Names are views into the
 * source; everything else lives in the parser's arena.
 */
#ifndef SPINDLE_WIT_AST_H
#define SPINDLE_WIT_AST_H

#include "base/vec.h"
#include "wit/lexer.h"
#include "wit/resolve.h"

struct ast_id {
    struct str name;
    struct wit_at at;
};

/* @since and its like. */
struct ast_gates {
    struct wit_stability stability;
    struct wit_at at; /* of the first one; source NULL if there is none */
};

/* "ns:pkg@version", version empty if absent. */
struct ast_package_name {
    struct str namespace, name, version;
    struct wit_at at;
};

/* "name", or "ns:pkg/name@version" (foreign). */
struct ast_path {
    bool foreign;
    struct ast_package_name package;
    struct ast_id name;
};

/* A type as it stands in a place; the kinds of wit_kind plus a name. */
enum { AST_NAME = WIT_BORROW + 1, AST_RESOURCE };

struct ast_type;

struct ast_field {
    struct ast_id id;
    struct str docs;
    struct ast_type *type; /* NULL: none */
};

struct ast_func {
    struct ast_id id; /* of a constructor: where the keyword stands */
    struct str docs;
    struct ast_gates gates;
    enum wit_func_kind kind;
    struct wit_at at; /* of the keyword `func` */
    VEC(struct ast_field) params;
    struct ast_type *result; /* NULL: none */
};

struct ast_type {
    int kind;
    struct wit_at at;
    struct ast_id name;             /* AST_NAME; own and borrow: of the resource */
    struct ast_type *first;         /* list, option: element; result: ok (may be NULL) */
    struct ast_type *second;        /* result: error (may be NULL) */
    VEC(struct ast_field) fields;   /* record, tuple, variant, enum, flags */
    VEC(struct ast_func) functions; /* AST_RESOURCE */
};

struct ast_rename {
    struct ast_id name, as; /* `as` equals name if it is not written */
};

enum ast_item_kind {
    AST_ITEM_USE,       /* in an interface, world or file: `use path.{names}`, `use path as x` */
    AST_ITEM_TYPE,      /* in an interface or world */
    AST_ITEM_FUNC,      /* in an interface; in a world an import or export of a function */
    AST_ITEM_INTERFACE, /* in a file; in a world an import or export of an inline one */
    AST_ITEM_PATH,      /* in a world: import or export of a named interface */
    AST_ITEM_INCLUDE,   /* in a world */
    AST_ITEM_WORLD,     /* in a file */
    AST_ITEM_PACKAGE,   /* in a file: `package a:b { ... }` */
};

/* One statement. Which members are used depends on the kind. */
struct ast_item {
    enum ast_item_kind kind;
    bool exported; /* in a world: export, not import */
    struct ast_id id;
    struct wit_at at;
    struct str docs;
    struct ast_gates gates;
    struct ast_type *type;           /* TYPE */
    struct ast_func func;            /* FUNC */
    struct ast_path path;            /* USE, PATH, INCLUDE */
    VEC(struct ast_rename) names;    /* USE, INCLUDE */
    struct ast_package_name package; /* PACKAGE */
    VEC(struct ast_item) items;      /* INTERFACE, WORLD, PACKAGE */
};

/* A file, or what stands between the braces of a nested package. */
struct ast_file {
    const struct wit_source *source;
    bool has_package;
    struct ast_package_name package;
    struct str docs;       /* of the package statement */
    struct wit_at docs_at; /* its first comment */
    VEC(struct ast_item) items;
};

/* Parses a whole text. */
int wit_parse(
    struct arena *a, const struct wit_source *source, struct ast_file *ret, struct error *err);

/* Parses "name" or "ns:pkg/name@version" (a world on the command line). */
int wit_parse_path(
    struct arena *a, const struct wit_source *source, struct ast_path *ret, struct error *err);

#endif
