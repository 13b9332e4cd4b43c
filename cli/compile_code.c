/*
 * spin compile-code FILE: native code for a component, into the user's cache. Not for people: `spin
 * up` starts it in the background.
 */
#include <sys/resource.h>

#include "app/app.h"
#include "base/file.h"
#include "cli/command.h"

enum { NICENESS = 10 };

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *programs;
    if (args->positional.count != 1)
        return error_set(err, ERROR_USAGE, "one file is needed");
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
