/*
 * spec-runner --tier interpreter|native|native-nogs [--cache FOLDER] [--compile] SCRIPT.json...
 * spec-runner --mutate ROUNDS SCRIPT.json...
 * spec-runner --generated --tier native|native-nogs --cache FOLDER [--compile] MODULE.wasm...
 *
 * Runs each script and prints a line for it: its name, then passed, failed, skipped and missing,
 * then the features that were missed. Failures are explained on standard error. Exit status 0 even
 * then: run.py judges. With --compile it translates and compiles the modules of all scripts, with
 * --mutate it tries changed modules (mutate.c), with --generated it compares tiers (generated.c).
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
                    "       spec-runner --mutate ROUNDS SCRIPT.json...\n"
                    "       spec-runner --generated --tier native|native-nogs --cache FOLDER "
                    "[--compile] MODULE.wasm...\n");
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

/* What the command line asks for. */
struct request {
    struct tier tier;
    bool tier_known, compile, generated;
    unsigned mutate; /* rounds */
};

static int collect(const struct request *request, const char *path, struct arena *arena,
    const struct wasm_module **modules, size_t *count)
{
    struct wasm_module *module;
    if (!request->generated)
        return script_collect(path, arena, modules, MAX_MODULES, count);
    if (*count == MAX_MODULES || generated_load(path, arena, &module) < 0)
        return -1;
    modules[(*count)++] = module;
    return 0;
}

static int compile(const struct request *request, char **paths, int path_count)
{
    struct arena arena = ARENA_INIT(4 * GIB);
    struct error err = ERROR_INIT;
    const struct wasm_module **modules = arena_alloc(&arena, MAX_MODULES * sizeof *modules);
    const struct tier *tier = &request->tier;
    size_t count = 0;
    int status = 0;
    for (int i = 0; i < path_count; i++)
        if (collect(request, paths[i], &arena, modules, &count) < 0)
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

static int run_one(const struct request *request, const char *path)
{
    if (request->mutate)
        return mutate_folder(path, request->mutate);
    if (request->generated)
        return generated_run(&request->tier, path);
    return run(&request->tier, path);
}

static bool parse(int argc, char **argv, struct request *request)
{
    static const struct option options[] = {
        {"tier", required_argument, NULL, 't'},
        {"cache", required_argument, NULL, 'c'},
        {"compile", no_argument, NULL, 'C'},
        {"generated", no_argument, NULL, 'g'},
        {"mutate", required_argument, NULL, 'm'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 't')
            request->tier_known = set_tier(&request->tier, optarg);
        else if (option == 'c')
            request->tier.cache = optarg;
        else if (option == 'C')
            request->compile = true;
        else if (option == 'g')
            request->generated = true;
        else if (option == 'm')
            request->mutate = (unsigned)strtoul(optarg, NULL, 10);
        else
            return false;
    }
    bool needs_cache = request->tier.native || request->compile || request->generated;
    return (request->tier_known || request->mutate) && (!needs_cache || request->tier.cache);
}

int main(int argc, char **argv)
{
    struct request request = {0};
    struct error err = ERROR_INIT;
    if (!parse(argc, argv, &request))
        return usage();
    if (wasm_process_init(&err) < 0 || wasm_thread_init(&err) < 0)
        return report(&err);
    if (request.compile)
        return compile(&request, argv + optind, argc - optind);
    int status = 0;
    for (int i = optind; i < argc; i++)
        status |= run_one(&request, argv[i]);
    wasm_thread_release();
    return status;
}
