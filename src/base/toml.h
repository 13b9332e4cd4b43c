/*
 * TOML 1.0 documents as a tree, by toml++. Every value knows its line, so that whoever reads it can
 * say where something is wrong.
 */
#ifndef SPINDLE_BASE_TOML_H
#define SPINDLE_BASE_TOML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/toml_bridge.h"

struct toml_node {
    enum toml_kind kind;
    uint32_t line, column;
    struct str string; /* TOML_STRING */
    int64_t integer;   /* TOML_INTEGER; TOML_BOOLEAN: 0 or 1 */
    double number;     /* TOML_FLOAT */
    size_t count;      /* of a table's entries or an array's elements, in the document's order */
    struct toml_entry *entries;
};

struct toml_entry {
    struct str key; /* empty in an array */
    uint32_t line, column;
    struct toml_node *value;
};

struct toml_document {
    const char *name; /* for messages: "spin.toml" */
    struct str text;
    struct arena *arena;
    struct toml_node *root; /* a table */
};

/* Everything lives in the arena, but `name` and `text`, which are the caller's. */
int toml_parse(struct arena *a, const char *name, struct str text, struct toml_document *ret,
    struct error *err);
/* The value under a key of a table, or NULL. */
const struct toml_node *toml_get(const struct toml_node *table, struct str key);
const struct toml_entry *toml_get_entry(const struct toml_node *table, struct str key);
/* "a string", "a table" ... */
const char *toml_kind_name(enum toml_kind kind);
/*
 * An error at a place: "spin.toml:9:1: MESSAGE", and the line with `len` marks under it. Returns
 * -1.
 */
PRINTF_LIKE(7, 8)
int toml_fail(const struct toml_document *doc, uint32_t line, uint32_t column, size_t len,
    enum error_kind kind, struct error *err, const char *fmt, ...);

#endif
