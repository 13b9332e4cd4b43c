/*
 * spin.toml, version 2, as plain structs. Nothing here opens a component or starts anything.
 *
 * How to add a field: one line in the table of its TOML table in manifest.c (FIELD_USED instead of
 * FIELD_LATER), a member here, and a reader.
 *
 * Every message names file, line and column. A field that Spin knows and we do not support yet is
 * refused by name; a field that nobody knows is answered with the nearest one that is known.
 */
#ifndef SPINDLE_MANIFEST_MANIFEST_H
#define SPINDLE_MANIFEST_MANIFEST_H

#include "base/toml.h"

/* A place in the manifest, for errors that are found later. */
struct manifest_place {
    uint32_t line, column;
    size_t len;
};

/* [variables] */
struct manifest_variable {
    struct str name, description;
    bool required, secret, has_default;
    struct str value; /* the default */
};

struct manifest_pair {
    struct str name, value;
};

struct manifest_strings {
    size_t count;
    struct str *items;
};

/* [component.<id>.build] */
struct manifest_build {
    bool present;
    struct manifest_strings commands; /* in order; an array in the manifest, or one */
    bool is_array;
    struct str workdir; /* empty: the application's folder */
    struct manifest_strings watch;
};

/* [component.<id>] */
struct manifest_component {
    struct str id, description;
    struct str source; /* path, relative to the manifest */
    struct manifest_place place, source_place;
    size_t environment_count;
    struct manifest_pair *environment;
    struct manifest_build build;
};

/* [[trigger.http]] */
struct manifest_http_trigger {
    struct str id;
    struct str component; /* id of an existing one */
    struct str route;     /* as written; empty if private */
    bool is_private;
    struct manifest_place place;
};

struct manifest {
    struct arena arena;
    struct buf text;
    struct toml_document document; /* its name: the path as given, for messages */
    char *path, *folder;
    struct str name, version, description;
    struct manifest_strings authors;
    size_t variable_count;
    struct manifest_variable *variables;
    size_t trigger_count;
    struct manifest_http_trigger *triggers;
    size_t component_count;
    struct manifest_component *components;
};

enum manifest_purpose {
    MANIFEST_FOR_RUNNING,  /* everything is checked */
    MANIFEST_FOR_BUILDING, /* only what a build needs: components' ids and their build tables */
};

int manifest_load(const char *path, enum manifest_purpose purpose, struct manifest **ret_manifest,
    struct error *err);
void manifest_free(struct manifest *m);
/* NULL if there is none. */
const struct manifest_component *manifest_find(const struct manifest *m, struct str id);
/* An error at a place of the manifest. Returns -1. */
PRINTF_LIKE(5, 6)
int manifest_fail(const struct manifest *m, struct manifest_place place, enum error_kind kind,
    struct error *err, const char *fmt, ...);

#endif
