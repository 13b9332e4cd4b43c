/*
 * A running application: manifest + component files + HTTP server.
 *
 *     manifest ─app_new─> components loaded, imaged, routes ─app_listen─> socket ─app_run─> served
 *
 * Nothing here reads a command line. Messages for whoever runs the application go to stderr.
 */
#ifndef SPINDLE_APP_APP_H
#define SPINDLE_APP_APP_H

#include "http/server.h"
#include "manifest/manifest.h"
#include "manifest/runtime_config.h"

struct app;

struct app_options {
    const struct manifest *manifest;             /* must outlive the application */
    const struct runtime_config *runtime_config; /* NULL: none; must outlive the application */
    const char *state_folder; /* of the default stores, not made yet; NULL: none, all in memory */
    size_t environment_count; /* added to every component's; wins over the manifest's */
    const struct manifest_pair *environment;
    struct manifest_pairs variables;  /* `--variable`; of several for one name the last counts */
    struct manifest_pairs key_values; /* `--key-value`: set in the default store at start */
    size_t statement_count;           /* `--sqlite`, run at start: STATEMENT or @FILE[:LABEL] */
    const char *const *statements;
    const char *temp_folder; /* where copies of `files` are made; NULL: the system's */
    bool direct_mounts;      /* no copies: guests see the folders themselves */
    bool transient_write;    /* guests may write to the copies */
    const char *log_folder;  /* of <id>_stdout.txt and <id>_stderr.txt; NULL: none */
    bool truncate_logs;
    bool quiet;          /* guests' output only to the log files */
    size_t follow_count; /* not 0: only what these components print is shown */
    const char *const *follow;
    uint64_t request_cpu_ns; /* guest execution per request; 0: no limit */
    unsigned max_instances;  /* of each component, at once */
    uint64_t memory_bytes;   /* of each instance; 0: what 32-bit addresses reach */
    bool check_rewind;       /* compare every byte after each request: for tests */
    bool interpret;          /* never use native code: for tests */
    /*
     * A program that is started as `COMPILER compile-code FILE` to make native code for a component
     * that has none; NULL: it stays interpreted.
     */
    const char *compiler;
    const char *shipped_code; /* folder of native code that came with the program */
};

/*
 * Loads every component that a trigger names. ERROR_UNSUPPORTED with the place of its `source` for
 * one that imports what is not there. ERROR_NOT_FOUND for a missing file.
 */
int app_new(const struct app_options *options, struct app **ret_app, struct error *err);
/* Binds; `options` are filled in but for handle, hooks and data. */
int app_listen(struct app *app, const struct http_server_options *options, struct error *err);
const char *app_address(const struct app *app);
/* Serves until app_stop. */
int app_run(struct app *app, struct error *err);
/* Safe in a signal handler. */
void app_stop(struct app *app);
/* Not all exchanges have ended: the application must not be freed. */
bool app_busy(struct app *app);
void app_free(struct app *app);
/* For an application that is busy when the process ends: removes its temporary files alone. */
void app_leave(struct app *app);

/*
 * What `COMPILER compile-code FILE` does: compiles the core modules of a component that have no
 * native code, into the user's cache.
 */
int app_compile_file(const char *path, const char *shipped_code, struct error *err);

/* In check_rewind: what the comparisons with the image came to. */
struct app_rewind_figures {
    uint64_t checked, different; /* requests; those after which something was not as before */
    uint32_t hot_pages;          /* that the last rewind of a component copied; the largest */
};
void app_rewind_figures(const struct app *app, struct app_rewind_figures *ret_figures);

#endif
