/*
 * What the command line of `spin up` comes to.
 */
#ifndef SPINDLE_CLI_UP_H
#define SPINDLE_CLI_UP_H

#include "app/app.h"
#include "cli/command.h"

enum up_option {
    UP_FROM,
    UP_ENV,
    UP_BUILD,
    UP_TEMP,
    UP_DIRECT_MOUNTS,
    UP_COMPONENT,
    UP_LOG_DIR,
    UP_TRUNCATE_LOGS,
    UP_FOLLOW,
    UP_QUIET,
    UP_RUNTIME_CONFIG,
    UP_STATE_DIR,
    UP_VARIABLE,
    UP_KEY_VALUE,
    UP_SQLITE,
    UP_MAX_INSTANCE_MEMORY,
    UP_TRANSIENT_WRITE,
    UP_LISTEN,
    UP_FIND_FREE_PORT,
    UP_FORMAT,
    UP_THREADS,
    UP_REQUEST_TIMEOUT,
    UP_CHECK_REWIND,
    UP_INTERPRET,
};

struct up_options {
    struct app_options app;
    struct http_server_options http;
    bool find_free_port, json;
    struct runtime_config *runtime_config; /* owned; or NULL */
};

/* The manifest must outlive the result, whose texts live in the arena and the arguments. */
int up_options_read(const struct cli_arguments *args, const struct manifest *m, struct arena *a,
    struct up_options *ret, struct error *err);
void up_options_release(struct up_options *options);

/* up.c: the command. */
int up_run(const struct cli_arguments *args, struct arena *a, struct error *err);

/* What is said on standard output once the socket is bound. */
void up_print_start(const struct manifest *m, const char *address, bool json);

#endif
