/*
 * The runner of the specification's test suite, in the form that `wasm-tools json-from-wast` gives
 * it: one script of commands for each .wast file, and the modules that they name beside it.
 */
#ifndef SPINDLE_TESTS_SPEC_H
#define SPINDLE_TESTS_SPEC_H

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "wasm/code.h"
#include "wasm/runtime.h"

enum { MAX_SLOTS = 1001, MAX_FEATURES = 16 };

/* How the modules are executed. */
struct tier {
    bool native;
    struct wasm_translate_options options;
    const char *cache; /* native: the folder with the code */
};

/* What one script gave. An assertion is missing if it needs a feature that the engine has not. */
struct tally {
    unsigned passed, failed, skipped, missing;
    const char *features[MAX_FEATURES]; /* names, in the script's arena */
    unsigned feature_count;
};

/* A module of the script, or the lack of one. */
struct unit {
    struct wasm_module *module;     /* NULL if it could not be decoded or is not valid */
    struct wasm_instance *instance; /* NULL if it is not instantiated */
    bool missing;                   /* for want of a feature */
};

/* The state of one script. All memory is the arena's; the store owns the instances. */
struct script {
    const char *folder; /* of the modules */
    const char *name;   /* for messages */
    const struct tier *tier;
    struct arena arena;
    struct wasm_store *store;
    struct map registered;  /* name of imports -> struct unit * */
    struct map named;       /* $name -> struct unit * */
    struct map definitions; /* the same, of module definitions */
    struct unit *last;
    struct unit *last_definition;
    struct tally tally;
};

/* script.c: runs all commands; fills script->tally. Returns -1 if the file cannot be read. */
int script_run(const char *json_path, const struct tier *tier, struct script *script);
void script_release(struct script *script);
/* Appends the modules of a script that will be instantiated; memory is the arena's. */
int script_collect(const char *json_path, struct arena *arena, const struct wasm_module **modules,
    size_t capacity, size_t *count);

/* mutate.c: tries `rounds` mutants of each module beside a script; prints a tally. */
int mutate_folder(const char *script, unsigned rounds);

/* generated.c: decodes and validates; says on standard error why not. */
int generated_load(const char *path, struct arena *arena, struct wasm_module **ret);
/* Compares the interpreter with the tier on one module; prints `file<tab>verdict`. */
int generated_run(const struct tier *tier, const char *path);

/* values.c: false if the value is of a type that is not there. */
bool value_parse(const json_t *json, union wasm_value *ret_value);
bool value_matches(const json_t *json, uint8_t type, union wasm_value value);

/* spectest.c: the host module that scripts import. False if it has no such item. */
bool spectest_export(struct script *script, struct str name, struct wasm_extern *ret_extern);

#endif
