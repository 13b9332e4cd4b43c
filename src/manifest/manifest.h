/*
 * spin.toml, version 2, as plain structs. Nothing here opens a component or starts anything.
 *
 * How to add a field: one line in the list of its TOML table's fields (component.c, trigger.c,
 * manifest.c; FIELD_USED instead of FIELD_LATER), a member here, and a reader.
 *
 * Every message names file, line and column. A field that Spin knows and we do not support yet is
 * noted, and refused when the application is to run; a field that nobody knows is answered with the
 * nearest one that is known.
 */
#ifndef SPINDLE_MANIFEST_MANIFEST_H
#define SPINDLE_MANIFEST_MANIFEST_H

#include "base/toml.h"

/* A place in a file, for errors that are found later. */
struct manifest_place {
    uint32_t line, column;
    size_t len;
};

struct manifest_string {
    struct str text;
    struct manifest_place place;
};

struct manifest_strings {
    size_t count;
    struct manifest_string *items;
};

struct manifest_pair {
    struct str name, value;
    struct manifest_place name_place, place; /* `place` is the value's */
};

struct manifest_pairs {
    size_t count;
    struct manifest_pair *items;
};

/* What is said of a manifest that is right: a warning, or what is not supported yet. */
struct manifest_notice {
    struct manifest_notice *next;
    struct manifest_place place;
    const char *text;
};

/* [variables] */
struct manifest_variable {
    struct str name, description;
    bool required, secret, has_default;
    struct str value; /* the default */
    struct manifest_place place;
};

/* An element of [component.<id>] files. */
struct manifest_file {
    bool is_placement;
    struct str source;      /* a placement's file or folder; else a glob, or a path */
    struct str destination; /* of a placement: absolute, in the guest */
    struct manifest_place place, destination_place;
};

/* [component.<id>.build] */
struct manifest_build {
    bool present;
    struct manifest_strings commands; /* in order; an array in the manifest, or one */
    bool is_array;
    struct str workdir; /* empty: the application's folder */
    struct manifest_strings watch;
    struct manifest_place place, workdir_place;
};

/* [component.<id>] */
struct manifest_component {
    struct str id, description;
    struct str source; /* path, relative to the manifest */
    struct manifest_place place, source_place;
    struct manifest_pairs environment;
    struct manifest_pairs variables; /* values are templates (expression.h) */
    size_t file_count;
    struct manifest_file *files;
    struct manifest_strings exclude_files;                      /* globs */
    struct manifest_strings allowed_outbound_hosts;             /* templates; as written */
    struct manifest_strings key_value_stores, sqlite_databases; /* labels */
    struct manifest_strings ai_models;
    struct manifest_build build;
};

/* [[trigger.http]] static_response */
struct manifest_static_response {
    unsigned status; /* 100 to 599 */
    struct manifest_pairs headers;
    struct str body;
};

/* [[trigger.http]] */
struct manifest_http_trigger {
    struct str id;
    struct str component; /* id of an existing one; empty: answered by static_response */
    const struct manifest_static_response *static_response; /* or NULL */
    struct str route;                                       /* as written; empty if private */
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
    struct manifest_component *components; /* those that stand in triggers come last */
    struct manifest_notice *warnings;      /* in the manifest's order */
    struct manifest_notice *later;         /* what is not supported yet */
};

enum manifest_purpose {
    MANIFEST_FOR_RUNNING,  /* everything is checked; what is not supported yet is an error */
    MANIFEST_FOR_BUILDING, /* everything is checked */
    MANIFEST_BUILD_TABLES, /* only components' ids and their build tables, whatever the rest is */
};

int manifest_load(const char *path, enum manifest_purpose purpose, struct manifest **ret_manifest,
    struct error *err);
/* For a component without a manifest: it answers on every route, and is named after its file. */
int manifest_of_component(const char *path, struct manifest **ret_manifest, struct error *err);
void manifest_free(struct manifest *m);
/*
 * Leaves only the triggers of these components (select.c). An id that is not there is an error, and
 * so is a component that is allowed to call one which is left out.
 */
int manifest_select(struct manifest *m, const char *const *ids, size_t count, struct error *err);
/* NULL if there is none. */
const struct manifest_component *manifest_find(const struct manifest *m, struct str id);
/*
 * Puts an error that is there at a place of the manifest, behind a message: "spin.toml:3:1:
 * MESSAGE: ERROR". Its kind stays. Returns -1.
 */
PRINTF_LIKE(4, 5)
int manifest_fail_with(
    const struct manifest *m, struct manifest_place place, struct error *err, const char *fmt, ...);
/* An error at a place of the manifest (line 0: of none in particular). Returns -1. */
PRINTF_LIKE(5, 6)
int manifest_fail(const struct manifest *m, struct manifest_place place, enum error_kind kind,
    struct error *err, const char *fmt, ...);

#endif
