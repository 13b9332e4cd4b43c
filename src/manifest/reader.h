/*
 * Reading TOML tables against a description of their fields: unknown ones, known ones that are not
 * supported yet, types.
 */
#ifndef SPINDLE_MANIFEST_READER_H
#define SPINDLE_MANIFEST_READER_H

#include "manifest/manifest.h"

enum field_state {
    FIELD_USED,
    FIELD_LATER,   /* Spin's, not supported yet: noted unless empty or false */
    FIELD_IGNORED, /* other tools' */
};

struct field {
    const char *name;
    enum field_state state;
};

#define CHECK_FIELDS(r, table, what, fields) check_fields(r, table, what, fields, countof(fields))

/* Where we are: for messages. */
struct reading {
    struct toml_document *doc;
    struct arena *arena;
    struct error *err;
    struct manifest_notice *warnings, *later; /* noted so far */
};

/* The place of an entry's key, and of a value. */
struct manifest_place place_of_key(const struct toml_entry *entry);
struct manifest_place place_of(const struct toml_node *node);
PRINTF_LIKE(3, 4)
int fail_at(struct reading *r, struct manifest_place place, const char *fmt, ...);
PRINTF_LIKE(3, 4)
int fail_later(struct reading *r, struct manifest_place place, const char *fmt, ...);
/* What is right, but cannot be run yet; and what is better written otherwise. */
PRINTF_LIKE(3, 4)
void note_later(struct reading *r, struct manifest_place place, const char *fmt, ...);
PRINTF_LIKE(3, 4)
void note_warning(struct reading *r, struct manifest_place place, const char *fmt, ...);

/* `what` names the table in messages: "[application]". */
int check_fields(struct reading *r, const struct toml_node *table, const char *what,
    const struct field *fields, size_t count);
/* Each leaves *ret alone when an optional field is absent. */
int read_string(struct reading *r, const struct toml_node *table, const char *what, const char *key,
    bool required, struct str *ret);
int read_bool(struct reading *r, const struct toml_node *table, const char *key, bool *ret);
int read_strings(struct reading *r, const struct toml_node *table, const char *key,
    struct manifest_strings *ret);
int read_pairs(
    struct reading *r, const struct toml_node *table, const char *key, struct manifest_pairs *ret);
/* The value under a key, which must be of the kind; *ret NULL if absent. */
int read_kind(struct reading *r, const struct toml_node *table, const char *key,
    enum toml_kind kind, const struct toml_node **ret);

#endif
