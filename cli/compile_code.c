/*
 * spin compile-code FILE: native code for a component, into the user's cache. Not for people: `spin
 * up` starts it in the background.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/app.h"
#include "base/file.h"
#include "cli/command.h"

enum { NICENESS = 10 };

/* With its compilers: `spin up` has made a process group of its own for them. */
static void end_all(int number)
{
    (void)number;
    kill(0, SIGKILL);
}

/* Nobody waits for the code any more when `spin up` is gone, however that came about. */
static void end_with_parent(void)
{
    struct sigaction action = {.sa_handler = end_all};
    sigaction(SIGTERM, &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == 1)
        end_all(SIGTERM);
}

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *programs;
    if (args->positional.count != 1)
        return error_set(err, ERROR_USAGE, "one file is needed");
    if (getpgrp() == getpid())
        end_with_parent();
    setpriority(PRIO_PROCESS, 0, NICENESS);
    if (path_of_program(a, &programs, err) < 0)
        return -1;
    return app_compile_file(
        args->positional.items[0], path_join(a, programs, "../lib/spindle/code"), err);
}

const struct command command_compile_code = {
    .name = "compile-code",
    .summary = "Compile a component to native code",
    .usage = "spin compile-code FILE",
    .run = run,
};
