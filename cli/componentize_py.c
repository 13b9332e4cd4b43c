/*
 * componentize-py: a Python application into a component.
 */
#include <stdio.h>

#include "base/limits.h"
#include "componentize/build.h"
#include "componentize/world.h"

#define ARENA_BYTES (1 * GIB)

/* What the application printed, its traceback above all, is shown when it cannot be built. */
static int build(struct arena *a, const struct componentize_options *options, struct error *err)
{
    CLEANUP(buf_release) struct buf printed = BUF_INIT(MIB);
    int status = componentize_build(a, options, &printed, err);
    if (status < 0)
        fwrite(printed.data, 1, printed.len, stderr);
    else if (!options->quiet)
        puts("Component built successfully");
    return status;
}

static int run(struct arena *a, const struct componentize_options *options, struct error *err)
{
    switch (options->command) {
    case COMPONENTIZE_HELP:
        puts(options->help);
        return 0;
    case COMPONENTIZE_VERSION:
        printf("componentize-py 0.17.2 (spindle %s)\n", SPINDLE_VERSION);
        return 0;
    case COMPONENTIZE_BINDINGS:
        return componentize_bindings(a, options, err);
    case COMPONENTIZE_BUILD:
        return build(a, options, err);
    }
    return 0;
}

/* A wrong command line is shown as it is, anything else as a report. */
static void show(const struct error *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(MIB);
    if (err->kind == ERROR_USAGE) {
        fprintf(stderr, "%s\n", error_message(err));
        return;
    }
    error_append_report(err, &text);
    fprintf(stderr, "Error: %s", buf_cstr(&text));
}

int main(int argc, char **argv)
{
    struct arena a = ARENA_INIT(ARENA_BYTES);
    struct error err = ERROR_INIT;
    struct componentize_options options;
    int status = componentize_options_parse(argc, argv, &a, &options, &err);
    if (status == 0)
        status = run(&a, &options, &err);
    int exit_status = 0;
    if (status < 0) {
        show(&err);
        exit_status = error_exit_status(&err);
    }
    error_release(&err);
    arena_release(&a);
    return exit_status;
}
