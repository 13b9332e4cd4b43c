/*
 * A component: decoded, validated, linked against every interface of the host, instantiated, and
 * its functions without parameters called. Nothing is granted to it.
 */
#include "base/clock.h"
#include "component/instance_int.h"
#include "fuzz.h"
#include "spin/context.h"
#include "wasm/process.h"

/* The hosts of src/app: both folders' interfaces, with the context of the instance. */
static struct component_program_options all_hosts(struct component_host *list, size_t most)
{
    size_t wasi_count, spin_count;
    const struct component_host *wasi = wasi_hosts(&wasi_count), *spin = spin_hosts(&spin_count);
    BUG_IF(wasi_count + spin_count > most);
    memcpy(list, wasi, wasi_count * sizeof *list);
    memcpy(list + wasi_count, spin, spin_count * sizeof *list);
    return (struct component_program_options){.hosts = list,
        .host_count = wasi_count + spin_count,
        .interpret = true,
        .limits = {16 * MIB, 100000}};
}

static void call_exports(struct component_instance *instance)
{
    const struct component_program *program = instance->program;
    for (size_t i = 0; i < program->exports.len; i++) {
        const struct program_export *e = &program->exports.data[i];
        struct component_func *func = component_instance_func(instance, e->interface, e->name);
        struct canon_value result;
        struct wasm_trap trap = {0};
        if (!func || component_func_type(func)->param_count > 0)
            continue;
        wasm_store_set_budget(component_instance_store(instance), NS_PER_MS);
        int status = component_call_values(func, NULL, &result, &trap);
        BUG_IF((status < 0) != (trap.kind != WASM_TRAP_NONE));
    }
}

/* Of one instance an image is taken, from which the other is made: after a rewind it is equal. */
static void run(const struct component_program *program, struct wasi_context *wasi)
{
    struct error err = ERROR_INIT;
    struct component_instance *first, *instance;
    struct wasm_image *image;
    struct wasm_trap trap = {0};
    if (component_instantiate_with(program, NULL, wasi, &first, &trap, &err) < 0) {
        error_release(&err);
        return;
    }
    int taken = component_image(first, &image, &err);
    component_instance_free(first);
    wasi_context_reset(wasi);
    if (!fuzz_succeeded(taken, &err))
        return;
    if (component_instantiate_with(program, image, wasi, &instance, &trap, &err) == 0) {
        call_exports(instance);
        component_instance_rewind(instance);
        BUG_IF(component_instance_compare(instance, &err) < 0);
        component_instance_free(instance);
    }
    error_release(&err);
    wasm_image_unref(image);
}

static void run_with_hosts(const struct component_program *program)
{
    static const struct wasi_config wasi_config;
    static const struct spin_config spin_config = {.component = STR("fuzz")};
    struct error err = ERROR_INIT;
    struct wasi_context *wasi;
    struct spin_context *spin;
    BUG_IF(wasi_context_new(&wasi_config, &wasi, &err) < 0);
    BUG_IF(spin_context_new(&spin_config, wasi, &spin, &err) < 0);
    wasi_context_set_deadline(wasi, 1); /* nothing waits */
    run(program, wasi);
    spin_context_free(spin);
    wasi_context_free(wasi);
}

void fuzz_one(struct str input)
{
    struct component_host hosts[128];
    struct component_program_options options = all_hosts(hosts, countof(hosts));
    struct error err = ERROR_INIT;
    struct component *component;
    struct component_program *program;
    BUG_IF(wasm_process_init(&err) < 0 || wasm_thread_init(&err) < 0);
    if (!fuzz_succeeded(component_decode(input, NULL, &component, &err), &err))
        return;
    if (fuzz_succeeded(component_program_new(component, &options, &program, &err), &err)) {
        run_with_hosts(program);
        component_program_free(program);
    }
    component_free(component);
}
