/* wasi:config/store: a component's variables, by another interface. */
#include "host/wasi_config_store.h"
#include "spin/context.h"
#include "spin/variables.h"

static enum wasm_trap_kind get(struct component_call *call, struct str key,
    struct wasi_config_store_result_option_string_error *ret_result)
{
    const struct spin_variable *variable =
        spin_variables_find(spin_context_of(call)->config->variables, key);
    ret_result->is_err = false;
    ret_result->ok.is_some = variable != NULL;
    if (variable)
        ret_result->ok.value = variable->value;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind get_all(struct component_call *call,
    struct wasi_config_store_result_list_tuple2_string_string_error *ret_result)
{
    const struct spin_variables *variables = spin_context_of(call)->config->variables;
    size_t count = variables ? variables->count : 0;
    ret_result->is_err = false;
    ret_result->ok.len = count;
    ret_result->ok.data = arena_try_alloc(spin_results(call), count, sizeof(*ret_result->ok.data));
    if (!ret_result->ok.data)
        return wasi_no_memory(call);
    for (size_t i = 0; i < count; i++) {
        ret_result->ok.data[i].f0 = variables->items[i].name;
        ret_result->ok.data[i].f1 = variables->items[i].value;
    }
    return WASM_TRAP_NONE;
}

const struct wasi_config_store_functions wasi_config_store_functions = {
    .get = get,
    .get_all = get_all,
};
