/*
 * Reading TOML tables against a description of their fields: unknown ones, known ones that are not
 * supported yet, types.
 */
#ifndef SPINDLE_MANIFEST_READER_H
#define SPINDLE_MANIFEST_READER_H

#include "manifest/manifest.h"

enum field_state {
    FIELD_USED,
    FIELD_LATER,   /* Spin's, not supported yet: refused unless empty or false */
    FIELD_IGNORED, /* other tools' */
};

struct field {
    const char *name;
    enum field_state state;
};

/* Where we are: for messages. */
struct reading {
    struct toml_document *doc;
    struct arena *arena;
    struct error *err;
};

/* The place of an entry's key, and of a value. */
struct manifest_place place_of_key(const struct toml_entry *entry);
struct manifest_place place_of(const struct toml_node *node);
PRINTF_LIKE(3, 4)
int fail_at(struct reading *r, struct manifest_place place, const char *fmt, ...);
PRINTF_LIKE(3, 4)
int fail_later(struct reading *r, struct manifest_place place, const char *fmt, ...);

/* `what` names the table in messages: "[application]". */
int check_fields(struct reading *r, const struct toml_node *table, const char *what,
    const struct field *fields, size_t count);
/* Each leaves *ret alone when an optional field is absent. */
int read_string(struct reading *r, const struct toml_node *table, const char *what, const char *key,
    bool required, struct str *ret);
int read_bool(struct reading *r, const struct toml_node *table, const char *key, bool *ret);
int read_strings(struct reading *r, const struct toml_node *table, const char *key,
    struct manifest_strings *ret);
int read_pairs(struct reading *r, const struct toml_node *table, const char *key, size_t *ret_count,
    struct manifest_pair **ret);
/* The value under a key, which must be of the kind; *ret NULL if absent. */
int read_kind(struct reading *r, const struct toml_node *table, const char *key,
    enum toml_kind kind, const struct toml_node **ret);

/*
 * Spin's identifiers: words separated by '-' or '_', each beginning with a letter, all lower or all
 * upper case. NULL, or what is wrong.
 */
const char *check_kebab_id(struct arena *a, struct str id);
const char *check_variable_name(struct arena *a, struct str name);
/* NULL, or what is wrong with a route. */
const char *check_route(struct arena *a, struct str route);
/* Of the names, the one nearest to `given` if it is near enough to be meant; else empty. */
struct str nearest_name(struct str given, const struct str *names, size_t count);

#endif
