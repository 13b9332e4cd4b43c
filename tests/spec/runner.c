/*
 * spec-runner --tier interpreter|native|native-nogs [--cache FOLDER] [--compile] SCRIPT.json...
 * spec-runner --mutate ROUNDS SCRIPT.json...
 *
 * Runs each script and prints a line for it: its name, then passed, failed, skipped and missing,
 * then the features that were missed. Failures are explained on standard error. Exit status 0 even
 * then: run.py judges. With --compile it translates and compiles the modules of all scripts, with
 * --mutate it tries changed modules (mutate.c).
 */
#include <getopt.h>

#include "base/limits.h"
#include "spec.h"
#include "wasm/process.h"
#include "wasm/runtime_int.h"

enum { MAX_MODULES = 100000 };

static int usage(void)
{
    fprintf(stderr, "usage: spec-runner --tier interpreter|native|native-nogs [--cache FOLDER] "
                    "[--compile] SCRIPT.json...\n"
                    "       spec-runner --mutate ROUNDS SCRIPT.json...\n");
    return 2;
}

static int report(struct error *err)
{
    struct buf text = BUF_INIT(64 * KIB);
    error_append_line(err, &text);
    fprintf(stderr, "spec-runner: %s\n", buf_cstr(&text));
    buf_release(&text);
    error_release(err);
    return 1;
}

static bool set_tier(struct tier *tier, const char *name)
{
    tier->native = strcmp(name, "interpreter") != 0;
    tier->options =
        (struct wasm_translate_options){.load_barrier = true, .use_gs = !strcmp(name, "native")};
    return !tier->native || !strcmp(name, "native") || !strcmp(name, "native-nogs");
}

static int compile(const struct tier *tier, char **paths, int path_count)
{
    struct arena arena = ARENA_INIT(4 * GIB);
    struct error err = ERROR_INIT;
    const struct wasm_module **modules = arena_alloc(&arena, MAX_MODULES * sizeof *modules);
    size_t count = 0;
    int status = 0;
    for (int i = 0; i < path_count; i++)
        if (script_collect(paths[i], &arena, modules, MAX_MODULES, &count) < 0)
            status = 1;
    if (wasm_code_compile_many(modules, count, &tier->options, tier->cache, &err) < 0)
        status = report(&err);
    arena_release(&arena);
    return status;
}

static int run(const struct tier *tier, const char *path)
{
    struct script script;
    int result = script_run(path, tier, &script);
    const struct tally *tally = &script.tally;
    if (result == 0) {
        printf("%s\t%u\t%u\t%u\t%u\t", script.name, tally->passed, tally->failed, tally->skipped,
            tally->missing);
        for (unsigned i = 0; i < tally->feature_count; i++)
            printf("%s%s", i ? "; " : "", tally->features[i]);
        putchar('\n');
    }
    script_release(&script);
    return result < 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"tier", required_argument, NULL, 't'},
        {"cache", required_argument, NULL, 'c'}, {"compile", no_argument, NULL, 'C'},
        {"mutate", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
    struct tier tier = {0};
    struct error err = ERROR_INIT;
    bool only_compile = false, tier_known = false;
    unsigned rounds = 0;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            tier_known = set_tier(&tier, optarg);
        else if (option == 'c')
            tier.cache = optarg;
        else if (option == 'C')
            only_compile = true;
        else if (option == 'm')
            rounds = (unsigned)strtoul(optarg, NULL, 10);
        else
            return usage();
    }
    if ((!tier_known && !rounds) || (tier.native && !tier.cache))
        return usage();
    if (wasm_process_init(&err) < 0 || wasm_thread_init(&err) < 0)
        return report(&err);
    if (only_compile)
        return compile(&tier, argv + optind, argc - optind);
    int status = 0;
    for (int i = optind; i < argc; i++)
        status |= rounds ? mutate_folder(argv[i], rounds) : run(&tier, argv[i]);
    wasm_thread_release();
    return status;
}
