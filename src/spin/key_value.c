/*
 * fermyon:spin/key-value: from the interface's values to a store's backend and back.
 */
#include "spin/key_value.h"

#include "host/fermyon_spin_v2_key_value.h"
#include "spin/context.h"

typedef struct fermyon_spin_v2_key_value_error error_t;

/* Behind a handle. Nothing of the store is held between calls. */
struct fermyon_spin_v2_key_value_store {
    struct key_value_store *store;
};

struct key_value_store *spin_key_value_find(const struct spin_key_value *granted, struct str label)
{
    for (size_t i = 0; granted && i < granted->count; i++)
        if (str_equal(granted->stores[i].label, label))
            return granted->stores[i].store;
    return NULL;
}

struct key_value_use spin_key_value_use(struct component_call *call)
{
    struct spin_context *context = spin_context_of(call);
    return (struct key_value_use){.wasi = context->wasi, .results = spin_results(call)};
}

/* What became of a backend's call: a trap, or whether it failed, with the WIT error. */
static enum wasm_trap_kind finish(struct component_call *call, int result, struct error *err,
    bool *ret_is_err, error_t *ret_error)
{
    *ret_is_err = result < 0;
    if (result == 0)
        return WASM_TRAP_NONE;
    bool is_over = err->kind == ERROR_TIMEOUT;
    *ret_error = (error_t){
        .tag = FERMYON_SPIN_V2_KEY_VALUE_ERROR_OTHER, .other = spin_take_error(call, err)};
    return is_over ? WASM_TRAP_DEADLINE : WASM_TRAP_NONE;
}

static enum wasm_trap_kind store_open(struct component_call *call, struct str label,
    struct fermyon_spin_v2_key_value_result_own_store_error *ret_result)
{
    struct spin_context *context = spin_context_of(call);
    struct key_value_store *store = spin_key_value_find(context->config->key_value, label);
    ret_result->is_err = !store;
    if (!store) {
        ret_result->err = (error_t){.tag = FERMYON_SPIN_V2_KEY_VALUE_ERROR_ACCESS_DENIED};
        return WASM_TRAP_NONE;
    }
    struct fermyon_spin_v2_key_value_store *object =
        wasi_new(context->wasi, struct fermyon_spin_v2_key_value_store);
    if (!object)
        return wasi_no_memory(call);
    object->store = store;
    ret_result->ok.object = object;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind store_get(struct component_call *call,
    struct fermyon_spin_v2_key_value_store_borrow self, struct str key,
    struct fermyon_spin_v2_key_value_result_option_list_u8_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct key_value_found found;
    struct error err = ERROR_INIT;
    int result = store->backend->get(store, &use, key, &found, &err);
    if (result == 0) {
        ret_result->ok.is_some = found.is_there;
        if (found.is_there)
            ret_result->ok.value = found.value;
    }
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind store_set(struct component_call *call,
    struct fermyon_spin_v2_key_value_store_borrow self, struct str key, struct str value,
    struct fermyon_spin_v2_key_value_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    const struct key_value_pair pair = {key, value};
    struct error err = ERROR_INIT;
    int result = store->backend->set(store, &use, &pair, 1, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind store_delete(struct component_call *call,
    struct fermyon_spin_v2_key_value_store_borrow self, struct str key,
    struct fermyon_spin_v2_key_value_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->delete(store, &use, &key, 1, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind store_exists(struct component_call *call,
    struct fermyon_spin_v2_key_value_store_borrow self, struct str key,
    struct fermyon_spin_v2_key_value_result_bool_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->exists(store, &use, key, &ret_result->ok, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind store_get_keys(struct component_call *call,
    struct fermyon_spin_v2_key_value_store_borrow self,
    struct fermyon_spin_v2_key_value_result_list_string_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct key_value_keys found;
    struct error err = ERROR_INIT;
    int result = store->backend->keys(store, &use, &found, &err);
    if (result == 0)
        ret_result->ok = (struct fermyon_spin_v2_key_value_list_string){found.keys, found.count};
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static void store_drop(void *host, struct fermyon_spin_v2_key_value_store *object)
{
    wasi_object_free(host, object, sizeof(*object));
}

const struct fermyon_spin_v2_key_value_functions fermyon_spin_v2_key_value_functions = {
    .store_open = store_open,
    .store_get = store_get,
    .store_set = store_set,
    .store_delete = store_delete,
    .store_exists = store_exists,
    .store_get_keys = store_get_keys,
    .store_drop = store_drop,
};
