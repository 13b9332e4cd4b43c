#include <string.h>

#include "base/limits.h"
#include "componentize/guest.h"
#include "wasm/process.h"

#define MEMORY_BYTES (4 * GIB)

enum { MAX_OUTPUT = 1 << 20, MAX_TABLE_ELEMENTS = 10000000, CORE_INSTANCES = 8 };

static void keep_output(void *data, enum wasi_output which, struct str bytes)
{
    (void)which;
    struct guest *g = data;
    size_t room = g->output.max - g->output.len;
    buf_append_str(&g->output, str_make(bytes.ptr, bytes.len < room ? bytes.len : room));
}

/* ------------------------------------------------------------------------------- starting */

static int configure(struct guest *g, const struct string_list *search_path, struct error *err)
{
    struct wasi_preopen *preopens =
        arena_try_array(g->arena, search_path->len + 1, struct wasi_preopen);
    if (!preopens)
        return error_set(err, ERROR_MEMORY, "the search path is too long");
    for (size_t i = 0; i < search_path->len; i++) {
        preopens[i].guest_path = arena_printf(g->arena, "/%zu", i);
        preopens[i].host_path = search_path->data[i];
    }
    g->config = (struct wasi_config){
        .preopens = preopens, .preopen_count = search_path->len, .data = g, .output = keep_output};
    return wasi_context_new(&g->config, &g->context, err);
}

/* The core instance that is the interpreter: the one with its entry points. */
static int find_core(struct guest *g, struct error *err)
{
    struct wasm_extern found;
    for (size_t i = 0; i < CORE_INSTANCES; i++) {
        g->core = component_core_instance(g->instance, i);
        if (g->core && wasm_instance_export(g->core, STR("spindle_init"), &found))
            return 0;
    }
    return error_set(err, ERROR_LINK, "python.wasm has no 'spindle_init'");
}

static int instantiate(struct guest *g, struct str component, const char *code, struct error *err)
{
    struct component_program_options options = {
        .native = {.translate = {.use_gs = true}, .shipped = code},
        .limits = {.memory_bytes = MEMORY_BYTES, .table_elements = MAX_TABLE_ELEMENTS}};
    struct wasm_trap trap;
    options.hosts = build_hosts(g->arena, &options.host_count);
    if (component_decode(component, &options.native, &g->component, err) < 0 ||
        component_program_new(g->component, &options, &g->program, err) < 0 ||
        component_instantiate(g->program, NULL, &g->instance, &trap, err) < 0)
        return -1;
    build_host_init(&g->host);
    wasi_context_set_embedder(g->context, &g->host);
    component_instance_set_host(g->instance, g->context);
    return find_core(g, err);
}

int guest_start(struct guest *g, struct arena *a, struct str component, const char *code,
    const struct string_list *search_path, struct error *err)
{
    *g = (struct guest){.arena = a, .output = BUF_INIT(MAX_OUTPUT)};
    if (wasm_process_init(err) < 0 || wasm_thread_init(err) < 0 ||
        configure(g, search_path, err) < 0)
        return -1;
    return instantiate(g, component, code, err);
}

void guest_release(struct guest *g)
{
    component_instance_free(g->instance);
    component_program_free(g->program);
    component_free(g->component);
    wasi_context_free(g->context);
    buf_release(&g->output);
    *g = (struct guest){0};
}

/* ------------------------------------------------------------------------------- calling */

/* Calls an export with i32 values; *ret_result is its result, if it has one. */
static int call(struct guest *g, const char *name, const uint32_t *arguments, uint32_t count,
    uint32_t *ret_result, struct error *err)
{
    struct wasm_extern found;
    union wasm_value slots[4] = {{0}};
    struct wasm_trap trap;
    if (!wasm_instance_export(g->core, str_of(name), &found) || found.kind != WASM_EXTERN_FUNC ||
        found.func->type->param_count != count || found.func->type->result_count > 1)
        return error_set(err, ERROR_LINK, "python.wasm has no function '%s' as it should", name);
    for (uint32_t i = 0; i < count; i++)
        slots[i].i32 = arguments[i];
    if (wasm_call(found.func, slots, &trap) < 0) {
        if (trap.kind == WASM_TRAP_EXIT)
            return error_set(err, ERROR_CHILD, "the application ended the process");
        return error_set(err, ERROR_TRAP, "%s: %s%s%s", name, wasm_trap_message(trap.kind),
            trap.detail[0] ? ": " : "", trap.detail);
    }
    if (ret_result)
        *ret_result = slots[0].i32;
    return 0;
}

static int initialize(struct guest *g, struct error *err)
{
    struct wasm_extern found;
    if (!wasm_instance_export(g->core, STR("_initialize"), &found))
        return 0;
    return call(g, "_initialize", NULL, 0, NULL, err);
}

/* ------------------------------------------------------------------------------- settings */

static void append_u32(struct buf *out, size_t value)
{
    for (int i = 0; i < 4; i++)
        buf_append_byte(out, (uint8_t)(value >> (8 * i)));
}

static void append_settings(const struct setting_list *settings, struct buf *out)
{
    append_u32(out, settings->len);
    for (size_t i = 0; i < settings->len; i++) {
        append_u32(out, settings->data[i].key.len);
        buf_append_str(out, settings->data[i].key);
        append_u32(out, settings->data[i].value.len);
        buf_append_str(out, settings->data[i].value);
    }
}

/* Copies a block into the guest. */
static int give(struct guest *g, struct str block, uint32_t *ret_address, struct error *err)
{
    uint32_t size = (uint32_t)block.len, address;
    if (call(g, "spindle_alloc", &size, 1, &address, err) < 0)
        return -1;
    const struct wasm_memory *memory = g->core->memories[0];
    if (address == 0 || address > memory->size || block.len > memory->size - address)
        return error_set(err, ERROR_MEMORY, "the guest has no room for its configuration");
    memcpy(memory->base + address, block.ptr, block.len);
    *ret_address = address;
    return 0;
}

static int give_settings(
    struct guest *g, const struct setting_list *settings, uint32_t ret_block[2], struct error *err)
{
    CLEANUP(buf_release) struct buf block = BUF_INIT(LIMIT_COMPONENT_BYTES);
    append_settings(settings, &block);
    if (block.failed)
        return error_set(err, ERROR_LIMIT, "the files to embed are too large");
    ret_block[1] = (uint32_t)block.len;
    return give(g, buf_str(&block), &ret_block[0], err);
}

int guest_prepare(struct guest *g, const struct setting_list *settings, struct error *err)
{
    uint32_t block[2], status;
    if (initialize(g, err) < 0 || give_settings(g, settings, block, err) < 0 ||
        call(g, "spindle_init", block, 2, &status, err) < 0)
        return -1;
    if (status != 0)
        return error_set(err, ERROR_CHILD, "the application cannot be imported");
    return call(g, "spindle_warm", NULL, 0, NULL, err);
}

int guest_uses(
    struct guest *g, uint32_t interface, bool *ret_numbered, bool *ret_named, struct error *err)
{
    uint32_t uses;
    if (call(g, "spindle_uses", &interface, 1, &uses, err) < 0)
        return -1;
    *ret_numbered = uses & 1;
    *ret_named = uses & 2;
    return 0;
}

int guest_seal(struct guest *g, struct error *err)
{
    uint32_t status;
    if (call(g, "spindle_seal", NULL, 0, &status, err) < 0)
        return -1;
    return status == 0 ? 0 : error_set(err, ERROR_TRAP, "the interpreter cannot be sealed");
}
