/*
 * spin py2wasm: what the plugin of that name was called with, for manifests that still have it in
 * their build command. componentize-py does the work.
 */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"

enum { OPT_PATH, OPT_OUTPUT };

static const struct cli_option options[] = {
    [OPT_PATH] = CLI_OPTION('p', "python-path", "pythonpath", "DIRS", NULL,
        "Where modules are looked for, joined by ':' [default: .]"),
    [OPT_OUTPUT] =
        CLI_OPTION('o', "output", NULL, "FILE", NULL, "The component [default: index.wasm]"),
};

static int run(const struct cli_arguments *args, struct arena *a, struct error *err)
{
    char *programs;
    if (args->positional.count != 1)
        return error_set(err, ERROR_USAGE, "%s; see spin py2wasm --help",
            args->positional.count ? "one application at a time"
                                   : "which application? Give the name of its module");
    if (path_of_program(a, &programs, err) < 0)
        return -1;
    struct str folders = str_of(cli_last(args, OPT_PATH, "."));
    const char **argv = arena_alloc(a, (2 * folders.len + 12) * sizeof *argv);
    size_t count = 0;
    const char *const first[] = {"componentize-py", "-w", "spin-http", "componentize",
        args->positional.items[0], "-o", cli_last(args, OPT_OUTPUT, "index.wasm")};
    for (size_t i = 0; i < countof(first); i++)
        argv[count++] = first[i];
    while (folders.len) {
        ptrdiff_t colon = str_find_byte(folders, ':');
        struct str one = str_make(folders.ptr, colon < 0 ? folders.len : (size_t)colon);
        folders = colon < 0 ? STR_EMPTY : str_skip(folders, (size_t)colon + 1);
        if (!one.len)
            continue;
        argv[count++] = "-p";
        argv[count++] = arena_copy(a, one).ptr;
    }
    cli_warn("`spin py2wasm` is deprecated: write `componentize-py -w spin-http componentize %s -o "
             "%s` as the build command",
        args->positional.items[0], cli_last(args, OPT_OUTPUT, "index.wasm"));
    fflush(NULL);
    const char *program = path_join(a, programs, "componentize-py");
    execv(program, (char *const *)argv);
    return error_set_os(err, errno, "cannot start '%s'", program);
}

const struct command command_py2wasm = {
    .name = "py2wasm",
    .summary = "Turn a Python application into a component (deprecated)",
    .usage = "spin py2wasm [OPTIONS] APP",
    .about = "The command of an earlier SDK, for manifests that have it. It calls\n"
             "\n"
             "  componentize-py -w spin-http componentize APP -o FILE\n",
    .options = options,
    .option_count = countof(options),
    .run = run,
};
