/*
 * wasi:keyvalue (store, atomics, batch), on the same stores as fermyon:spin/key-value.
 */
#include "host/wasi_keyvalue_atomics.h"
#include "host/wasi_keyvalue_batch.h"
#include "host/wasi_keyvalue_store.h"
#include "spin/context.h"
#include "spin/key_value.h"
#include "wasm/runtime.h"

typedef struct wasi_keyvalue_store_error error_t;

struct wasi_keyvalue_store_bucket {
    struct key_value_store *store;
};

/* What was found when the attempt began. Key and value follow in memory. */
struct wasi_keyvalue_atomics_cas {
    struct key_value_store *store;
    struct str key;
    struct key_value_found found;
    size_t size; /* of this block */
};

static enum wasm_trap_kind finish(struct component_call *call, int result, struct error *err,
    bool *ret_is_err, error_t *ret_error)
{
    *ret_is_err = result < 0;
    if (result == 0)
        return WASM_TRAP_NONE;
    bool is_over = err->kind == ERROR_TIMEOUT;
    *ret_error =
        (error_t){.tag = WASI_KEYVALUE_STORE_ERROR_OTHER, .other = spin_take_error(call, err)};
    return is_over ? WASM_TRAP_DEADLINE : WASM_TRAP_NONE;
}

static int fail_results(struct error *err)
{
    return error_set(
        err, ERROR_LIMIT, "query result exceeds limit of %zu bytes", LIMIT_RESULT_BYTES);
}

/* wasi:keyvalue/store. */

static enum wasm_trap_kind open_bucket(struct component_call *call, struct str identifier,
    struct wasi_keyvalue_store_result_own_bucket_error *ret_result)
{
    struct spin_context *context = spin_context_of(call);
    struct key_value_store *store = spin_key_value_find(context->config->key_value, identifier);
    ret_result->is_err = !store;
    if (!store) {
        ret_result->err = (error_t){.tag = WASI_KEYVALUE_STORE_ERROR_ACCESS_DENIED};
        return WASM_TRAP_NONE;
    }
    struct wasi_keyvalue_store_bucket *bucket =
        wasi_new(context->wasi, struct wasi_keyvalue_store_bucket);
    if (!bucket)
        return wasi_no_memory(call);
    bucket->store = store;
    ret_result->ok.object = bucket;
    return WASM_TRAP_NONE;
}

static void bucket_drop(void *host, struct wasi_keyvalue_store_bucket *bucket)
{
    wasi_object_free(host, bucket, sizeof(*bucket));
}

static enum wasm_trap_kind bucket_get(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow self, struct str key,
    struct wasi_keyvalue_store_result_option_list_u8_error *ret_result)
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

static enum wasm_trap_kind bucket_set(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow self, struct str key, struct str value,
    struct wasi_keyvalue_store_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    const struct key_value_pair pair = {key, value};
    struct error err = ERROR_INIT;
    int result = store->backend->set(store, &use, &pair, 1, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind bucket_delete(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow self, struct str key,
    struct wasi_keyvalue_store_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->delete(store, &use, &key, 1, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind bucket_exists(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow self, struct str key,
    struct wasi_keyvalue_store_result_bool_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->exists(store, &use, key, &ret_result->ok, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

/* All keys at once, as Spin does: no cursor is ever given, so none can be right. */
static enum wasm_trap_kind bucket_list_keys(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow self, struct wasi_keyvalue_store_option_string cursor,
    struct wasi_keyvalue_store_result_key_response_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = self.object->store;
    struct key_value_keys found;
    struct error err = ERROR_INIT;
    int result = cursor.is_some
                     ? error_set(&err, ERROR_UNSUPPORTED, "list_keys: cursor not supported")
                     : store->backend->keys(store, &use, &found, &err);
    if (result == 0)
        ret_result->ok = (struct wasi_keyvalue_store_key_response){
            .keys = {found.keys, found.count}, .cursor = {.is_some = false}};
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

const struct wasi_keyvalue_store_functions wasi_keyvalue_store_functions = {
    .open = open_bucket,
    .bucket_drop = bucket_drop,
    .bucket_get = bucket_get,
    .bucket_set = bucket_set,
    .bucket_delete = bucket_delete,
    .bucket_exists = bucket_exists,
    .bucket_list_keys = bucket_list_keys,
};

/* wasi:keyvalue/atomics. */

static enum wasm_trap_kind increment(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow bucket, struct str key, int64_t delta,
    struct wasi_keyvalue_atomics_result_s64_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = bucket.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->increment(store, &use, key, delta, &ret_result->ok, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

/* An attempt that remembers the present value. NULL without memory for it, or *ret_result < 0. */
static struct wasi_keyvalue_atomics_cas *begin_attempt(struct component_call *call,
    struct key_value_store *store, struct str key, int *ret_result, struct error *err)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_found found = {0};
    *ret_result = store->backend->get(store, &use, key, &found, err);
    if (*ret_result < 0)
        return NULL;
    size_t value_len = found.is_there ? found.value.len : 0;
    size_t size = sizeof(struct wasi_keyvalue_atomics_cas) + key.len + value_len;
    struct wasi_keyvalue_atomics_cas *cas = wasi_object_raw(use.wasi, size);
    if (!cas)
        return NULL;
    char *text = (char *)(cas + 1);
    if (key.len)
        memcpy(text, key.ptr, key.len);
    if (value_len)
        memcpy(text + key.len, found.value.ptr, value_len);
    *cas = (struct wasi_keyvalue_atomics_cas){.store = store,
        .key = str_make(text, key.len),
        .found = {found.is_there, str_make(text + key.len, value_len)},
        .size = size};
    return cas;
}

static void cas_drop(void *host, struct wasi_keyvalue_atomics_cas *cas)
{
    wasi_object_free(host, cas, cas->size);
}

static enum wasm_trap_kind cas_new(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow bucket, struct str key,
    struct wasi_keyvalue_atomics_result_own_cas_error *ret_result)
{
    struct error err = ERROR_INIT;
    int result;
    struct wasi_keyvalue_atomics_cas *cas =
        begin_attempt(call, bucket.object->store, key, &result, &err);
    if (result == 0 && !cas)
        return wasi_no_memory(call);
    ret_result->ok.object = cas;
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind cas_current(struct component_call *call,
    struct wasi_keyvalue_atomics_cas_borrow self,
    struct wasi_keyvalue_atomics_result_option_list_u8_error *ret_result)
{
    (void)call;
    ret_result->is_err = false;
    ret_result->ok.is_some = self.object->found.is_there;
    ret_result->ok.value = self.object->found.value;
    return WASM_TRAP_NONE;
}

/* The attempt is the host's now. When it came too late the guest gets a new one. */
static enum wasm_trap_kind swap(struct component_call *call,
    struct wasi_keyvalue_atomics_cas_own cas, struct str value,
    struct wasi_keyvalue_atomics_result_void_cas_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = cas.object->store;
    struct wasi_keyvalue_atomics_cas *again = NULL;
    struct error err = ERROR_INIT;
    bool swapped = false;
    int result = store->backend->swap(
        store, &use, cas.object->key, cas.object->found, value, &swapped, &err);
    if (result == 0 && !swapped) {
        again = begin_attempt(call, store, cas.object->key, &result, &err);
        if (result == 0 && !again)
            return wasi_no_memory(call);
    }
    cas_drop(use.wasi, cas.object);
    ret_result->is_err = !swapped;
    ret_result->err.tag = again ? WASI_KEYVALUE_ATOMICS_CAS_ERROR_CAS_FAILED
                                : WASI_KEYVALUE_ATOMICS_CAS_ERROR_STORE_ERROR;
    if (again)
        ret_result->err.cas_failed.object = again;
    bool is_err;
    return result < 0 ? finish(call, result, &err, &is_err, &ret_result->err.store_error)
                      : WASM_TRAP_NONE;
}

const struct wasi_keyvalue_atomics_functions wasi_keyvalue_atomics_functions = {
    .increment = increment,
    .cas_new = cas_new,
    .cas_current = cas_current,
    .swap = swap,
    .cas_drop = cas_drop,
};

/* wasi:keyvalue/batch. */

/* Those keys that are there, as Spin answers. */
static int find_many(struct component_call *call, struct key_value_store *store,
    struct wasi_keyvalue_batch_list_string keys,
    struct wasi_keyvalue_batch_list_tuple2_string_option_list_u8 *ret_list, struct error *err)
{
    struct key_value_use use = spin_key_value_use(call);
    struct wasi_keyvalue_batch_tuple2_string_option_list_u8 *items = arena_try_array(
        use.results, keys.len, struct wasi_keyvalue_batch_tuple2_string_option_list_u8);
    size_t count = 0, bytes = 0;
    if (!items)
        return fail_results(err);
    for (size_t i = 0; i < keys.len; i++) {
        struct key_value_found found;
        if (wasm_budget_is_over())
            return error_set(err, ERROR_TIMEOUT, "the request's time is over");
        if (store->backend->get(store, &use, keys.data[i], &found, err) < 0)
            return -1;
        if (!found.is_there)
            continue;
        bytes += keys.data[i].len + found.value.len;
        if (bytes > LIMIT_RESULT_BYTES)
            return fail_results(err);
        items[count].f0 = keys.data[i];
        items[count].f1.is_some = true;
        items[count++].f1.value = found.value;
    }
    ret_list->data = items;
    ret_list->len = count;
    return 0;
}

static enum wasm_trap_kind get_many(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow bucket, struct wasi_keyvalue_batch_list_string keys,
    struct wasi_keyvalue_batch_result_list_tuple2_string_option_list_u8_error *ret_result)
{
    struct error err = ERROR_INIT;
    int result = find_many(call, bucket.object->store, keys, &ret_result->ok, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind set_many(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow bucket,
    struct wasi_keyvalue_batch_list_tuple2_string_list_u8 key_values,
    struct wasi_keyvalue_batch_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = bucket.object->store;
    struct error err = ERROR_INIT;
    struct key_value_pair *pairs =
        arena_try_array(use.results, key_values.len, struct key_value_pair);
    int result = pairs ? 0 : fail_results(&err);
    for (size_t i = 0; i < key_values.len && result == 0; i++)
        pairs[i] = (struct key_value_pair){key_values.data[i].f0, key_values.data[i].f1};
    if (result == 0)
        result = store->backend->set(store, &use, pairs, key_values.len, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

static enum wasm_trap_kind delete_many(struct component_call *call,
    struct wasi_keyvalue_store_bucket_borrow bucket, struct wasi_keyvalue_batch_list_string keys,
    struct wasi_keyvalue_batch_result_void_error *ret_result)
{
    struct key_value_use use = spin_key_value_use(call);
    struct key_value_store *store = bucket.object->store;
    struct error err = ERROR_INIT;
    int result = store->backend->delete(store, &use, keys.data, keys.len, &err);
    return finish(call, result, &err, &ret_result->is_err, &ret_result->err);
}

const struct wasi_keyvalue_batch_functions wasi_keyvalue_batch_functions = {
    .get_many = get_many,
    .set_many = set_many,
    .delete_many = delete_many,
};
