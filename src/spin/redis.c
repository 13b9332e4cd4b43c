/*
 * fermyon:spin/redis. A guest's connection has a server connection of the pool for itself, from
 * open to drop. All that a call needs and answers lies in spin_results.
 *
 * Answers are errors of the interface; only a request whose time is over traps.
 */
#include "spin/redis.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "host/fermyon_spin_v2_redis.h"
#include "spin/context.h"

typedef struct fermyon_spin_v2_redis_error redis_error;
typedef struct fermyon_spin_v2_redis_connection_borrow borrow;

struct fermyon_spin_v2_redis_connection {
    struct client_redis *server;
};

static redis_error other(struct str text)
{
    return (redis_error){.tag = FERMYON_SPIN_V2_REDIS_ERROR_OTHER, .other = text};
}

/* Empties the error, and the results. A failure because the request's time is over ends the guest.
 */
static enum wasm_trap_kind lift_error(
    struct component_call *call, struct error *err, redis_error *ret_error)
{
    bool is_over =
        err->kind == ERROR_TIMEOUT && wasi_context_of(call)->deadline <= clock_monotonic_ns();
    *ret_error = other(spin_take_error(call, err));
    return is_over ? WASM_TRAP_DEADLINE : WASM_TRAP_NONE;
}

/* Opening. */

static bool is_allowed(struct component_call *call, const struct client_redis_address *address)
{
    const struct spin_redis *redis = spin_context_of(call)->config->redis;
    if (redis &&
        client_allowed_hosts_match(redis->allowed, STR("redis"), address->host, address->port))
        return true;
    bool is_v6 = str_find_byte(address->host, ':') >= 0;
    char destination[512];
    snprintf(destination, sizeof(destination), "redis://%s%" STR_FMT "%s:%u", is_v6 ? "[" : "",
        STR_ARG(address->host), is_v6 ? "]" : "", address->port);
    wasi_warn_denied(wasi_context_of(call), str_of(destination));
    return false;
}

/* The address, if it is one and allowed; else false and the error. */
static bool check_address(struct component_call *call, struct arena *a, struct str text,
    struct client_redis_address *ret_address, redis_error *ret_error)
{
    struct error err = ERROR_INIT;
    *ret_error = (redis_error){.tag = FERMYON_SPIN_V2_REDIS_ERROR_INVALID_ADDRESS};
    if (client_redis_address_parse(text, a, ret_address, &err) == 0)
        return is_allowed(call, ret_address);
    wasi_warn(wasi_context_of(call), "Warning: the address of a Redis server is not valid: %s",
        error_message(&err));
    if (err.kind == ERROR_UNSUPPORTED)
        *ret_error = other(arena_copy(a, str_of(error_message(&err))));
    error_release(&err);
    return false;
}

static enum wasm_trap_kind take(struct component_call *call,
    const struct client_redis_address *address, struct client_redis **ret_server,
    redis_error *ret_error)
{
    struct error err = ERROR_INIT;
    struct spin_context *context = spin_context_of(call);
    struct client_wait wait = spin_wait(context->wasi);
    *ret_server = NULL;
    if (context->redis_open >= LIMIT_REDIS_OPEN) {
        *ret_error = (redis_error){.tag = FERMYON_SPIN_V2_REDIS_ERROR_TOO_MANY_CONNECTIONS};
        return WASM_TRAP_NONE;
    }
    if (client_redis_take(context->config->redis->pool, address, &wait, ret_server, &err) == 0)
        return WASM_TRAP_NONE;
    bool is_full = err.kind == ERROR_LIMIT;
    enum wasm_trap_kind trap = lift_error(call, &err, ret_error);
    if (is_full)
        *ret_error = (redis_error){.tag = FERMYON_SPIN_V2_REDIS_ERROR_TOO_MANY_CONNECTIONS};
    return trap;
}

static enum wasm_trap_kind connection_open(struct component_call *call, struct str text,
    struct fermyon_spin_v2_redis_result_own_connection_error *ret_result)
{
    struct arena *a = spin_results(call);
    struct client_redis_address address;
    struct client_redis *server;
    ret_result->is_err = true;
    if (!check_address(call, a, text, &address, &ret_result->err))
        return WASM_TRAP_NONE;
    enum wasm_trap_kind trap = take(call, &address, &server, &ret_result->err);
    if (!server)
        return trap;
    struct fermyon_spin_v2_redis_connection *connection =
        wasi_new(wasi_context_of(call), struct fermyon_spin_v2_redis_connection);
    if (!connection) {
        client_redis_give(server);
        return wasi_no_memory(call);
    }
    connection->server = server;
    spin_context_of(call)->redis_open++;
    ret_result->is_err = false;
    ret_result->ok.object = connection;
    return WASM_TRAP_NONE;
}

static void connection_drop(void *host, struct fermyon_spin_v2_redis_connection *connection)
{
    struct wasi_context *wasi = host;
    struct spin_context *context = wasi_context_embedder(wasi);
    context->redis_open--;
    client_redis_give(connection->server);
    wasi_object_free(wasi, connection, sizeof(*connection));
}

/* Commands. */

struct answer {
    struct arena *arena;
    struct client_redis_reply reply;
    bool is_err;
    redis_error error;
};

/* Sends; an error of the server, or of the way to it, becomes the interface's. */
static enum wasm_trap_kind ask(struct component_call *call, borrow self, const struct str *words,
    size_t count, struct answer *answer)
{
    struct error err = ERROR_INIT;
    struct client_wait wait = spin_wait(wasi_context_of(call));
    answer->is_err = true;
    if (client_redis_command(
            self.object->server, words, count, &wait, answer->arena, &answer->reply, &err) < 0)
        return lift_error(call, &err, &answer->error);
    if (answer->reply.error.len)
        answer->error = other(spin_printable(answer->reply.error));
    else
        answer->is_err = false;
    return WASM_TRAP_NONE;
}

/* The answer is one value of this kind, else an error. */
static const struct client_redis_value *one(struct answer *answer, enum client_redis_kind kind)
{
    const struct client_redis_reply *reply = &answer->reply;
    if (answer->is_err)
        return NULL;
    if (!reply->is_array && reply->count == 1 && reply->values[0].kind == kind)
        return &reply->values[0];
    answer->is_err = true;
    answer->error = other(STR("the Redis server has answered with a value of another type"));
    return NULL;
}

/* NAME FIRST LIST..., as words in the arena. NULL: too many. */
static struct str *words_of(struct arena *a, struct str name, const struct str *first,
    const struct fermyon_spin_v2_redis_list_string *list, size_t *ret_count)
{
    size_t before = first ? 2 : 1;
    struct str *words = arena_try_array(a, list->len + before, struct str);
    if (!words)
        return NULL;
    words[0] = name;
    if (first)
        words[1] = *first;
    if (list->len)
        memcpy(words + before, list->data, list->len * sizeof(*words));
    *ret_count = list->len + before;
    return words;
}

static redis_error too_many_words(void)
{
    return other(STR("a Redis command has too many arguments"));
}

/* A command whose answer is how many it concerned. */
static enum wasm_trap_kind count_command(struct component_call *call, borrow self, struct str name,
    const struct str *key, const struct fermyon_spin_v2_redis_list_string *list,
    struct fermyon_spin_v2_redis_result_u32_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    size_t count;
    ret_result->is_err = true;
    struct str *words = words_of(answer.arena, name, key, list, &count);
    if (!words) {
        ret_result->err = too_many_words();
        return WASM_TRAP_NONE;
    }
    enum wasm_trap_kind trap = ask(call, self, words, count, &answer);
    const struct client_redis_value *value = one(&answer, CLIENT_REDIS_INTEGER);
    if (value && value->integer >= 0 && value->integer <= UINT32_MAX) {
        ret_result->is_err = false;
        ret_result->ok = (uint32_t)value->integer;
    } else {
        ret_result->err = value ? other(STR("the count is out of range")) : answer.error;
    }
    return trap;
}

static enum wasm_trap_kind connection_publish(struct component_call *call, borrow self,
    struct str channel, struct str payload,
    struct fermyon_spin_v2_redis_result_void_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    const struct str words[] = {STR("PUBLISH"), channel, payload};
    enum wasm_trap_kind trap = ask(call, self, words, countof(words), &answer);
    ret_result->is_err = answer.is_err;
    if (answer.is_err)
        ret_result->err = answer.error;
    return trap;
}

static enum wasm_trap_kind connection_get(struct component_call *call, borrow self, struct str key,
    struct fermyon_spin_v2_redis_result_option_list_u8_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    const struct str words[] = {STR("GET"), key};
    enum wasm_trap_kind trap = ask(call, self, words, countof(words), &answer);
    bool is_nil = !answer.is_err && !answer.reply.is_array && answer.reply.count == 1 &&
                  answer.reply.values[0].kind == CLIENT_REDIS_NIL;
    const struct client_redis_value *value = is_nil ? NULL : one(&answer, CLIENT_REDIS_BYTES);
    ret_result->is_err = answer.is_err;
    if (answer.is_err) {
        ret_result->err = answer.error;
        return trap;
    }
    ret_result->ok.is_some = value != NULL;
    if (value)
        ret_result->ok.value = value->text;
    return trap;
}

static enum wasm_trap_kind connection_set(struct component_call *call, borrow self, struct str key,
    struct str value, struct fermyon_spin_v2_redis_result_void_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    const struct str words[] = {STR("SET"), key, value};
    enum wasm_trap_kind trap = ask(call, self, words, countof(words), &answer);
    one(&answer, CLIENT_REDIS_STATUS);
    ret_result->is_err = answer.is_err;
    if (answer.is_err)
        ret_result->err = answer.error;
    return trap;
}

static enum wasm_trap_kind connection_incr(struct component_call *call, borrow self, struct str key,
    struct fermyon_spin_v2_redis_result_s64_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    const struct str words[] = {STR("INCR"), key};
    enum wasm_trap_kind trap = ask(call, self, words, countof(words), &answer);
    const struct client_redis_value *value = one(&answer, CLIENT_REDIS_INTEGER);
    ret_result->is_err = answer.is_err;
    if (value)
        ret_result->ok = value->integer;
    else
        ret_result->err = answer.error;
    return trap;
}

static enum wasm_trap_kind connection_del(struct component_call *call, borrow self,
    struct fermyon_spin_v2_redis_list_string keys,
    struct fermyon_spin_v2_redis_result_u32_error *ret_result)
{
    return count_command(call, self, STR("DEL"), NULL, &keys, ret_result);
}

static enum wasm_trap_kind connection_sadd(struct component_call *call, borrow self, struct str key,
    struct fermyon_spin_v2_redis_list_string values,
    struct fermyon_spin_v2_redis_result_u32_error *ret_result)
{
    enum wasm_trap_kind trap = count_command(call, self, STR("SADD"), &key, &values, ret_result);
    if (ret_result->is_err && str_starts_with(ret_result->err.other, STR("WRONGTYPE ")))
        ret_result->err = (redis_error){.tag = FERMYON_SPIN_V2_REDIS_ERROR_TYPE_ERROR};
    return trap;
}

static enum wasm_trap_kind connection_srem(struct component_call *call, borrow self, struct str key,
    struct fermyon_spin_v2_redis_list_string values,
    struct fermyon_spin_v2_redis_result_u32_error *ret_result)
{
    return count_command(call, self, STR("SREM"), &key, &values, ret_result);
}

/* Bytes that are all text, as strings. */
static bool lift_strings(struct answer *answer, struct fermyon_spin_v2_redis_list_string *ret_list)
{
    const struct client_redis_reply *reply = &answer->reply;
    struct str *strings = arena_try_array(answer->arena, reply->count + 1, struct str);
    for (size_t i = 0; strings && i < reply->count; i++) {
        const struct client_redis_value *value = &reply->values[i];
        if (value->kind != CLIENT_REDIS_BYTES || !utf8_valid(value->text))
            return false;
        strings[i] = value->text;
    }
    *ret_list = (struct fermyon_spin_v2_redis_list_string){strings, reply->count};
    return strings != NULL;
}

static enum wasm_trap_kind connection_smembers(struct component_call *call, borrow self,
    struct str key, struct fermyon_spin_v2_redis_result_list_string_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    const struct str words[] = {STR("SMEMBERS"), key};
    enum wasm_trap_kind trap = ask(call, self, words, countof(words), &answer);
    ret_result->is_err = true;
    if (answer.is_err)
        ret_result->err = answer.error;
    else if (!answer.reply.is_array || !lift_strings(&answer, &ret_result->ok))
        ret_result->err = other(STR("the Redis server has answered with what is not a list of "
                                    "strings"));
    else
        ret_result->is_err = false;
    return trap;
}

/* Any command. */

static struct str *lower_parameters(struct arena *a, struct str command,
    const struct fermyon_spin_v2_redis_list_redis_parameter *arguments)
{
    enum { DIGITS = 24 };
    struct str *words = arena_try_array(a, arguments->len + 1, struct str);
    if (!words)
        return NULL;
    words[0] = command;
    for (size_t i = 0; i < arguments->len; i++) {
        const struct fermyon_spin_v2_redis_redis_parameter *argument = &arguments->data[i];
        if (argument->tag == FERMYON_SPIN_V2_REDIS_REDIS_PARAMETER_BINARY) {
            words[i + 1] = argument->binary;
            continue;
        }
        char *digits = arena_try_alloc_raw(a, DIGITS);
        if (!digits)
            return NULL;
        int len = snprintf(digits, DIGITS, "%lld", (long long)argument->int64);
        words[i + 1] = str_make(digits, (size_t)len);
    }
    return words;
}

static bool lift_results(
    struct answer *answer, struct fermyon_spin_v2_redis_list_redis_result *ret_list)
{
    const struct client_redis_reply *reply = &answer->reply;
    struct fermyon_spin_v2_redis_redis_result *results =
        arena_try_array(answer->arena, reply->count + 1, struct fermyon_spin_v2_redis_redis_result);
    for (size_t i = 0; results && i < reply->count; i++) {
        const struct client_redis_value *value = &reply->values[i];
        switch (value->kind) {
        case CLIENT_REDIS_NIL:
            results[i].tag = FERMYON_SPIN_V2_REDIS_REDIS_RESULT_NIL;
            break;
        case CLIENT_REDIS_STATUS:
            results[i].tag = FERMYON_SPIN_V2_REDIS_REDIS_RESULT_STATUS;
            results[i].status = spin_printable(value->text);
            break;
        case CLIENT_REDIS_INTEGER:
            results[i].tag = FERMYON_SPIN_V2_REDIS_REDIS_RESULT_INT64;
            results[i].int64 = value->integer;
            break;
        case CLIENT_REDIS_BYTES:
            results[i].tag = FERMYON_SPIN_V2_REDIS_REDIS_RESULT_BINARY;
            results[i].binary = value->text;
            break;
        }
    }
    *ret_list = (struct fermyon_spin_v2_redis_list_redis_result){results, reply->count};
    return results != NULL;
}

static enum wasm_trap_kind connection_execute(struct component_call *call, borrow self,
    struct str command, struct fermyon_spin_v2_redis_list_redis_parameter arguments,
    struct fermyon_spin_v2_redis_result_list_redis_result_error *ret_result)
{
    struct answer answer = {.arena = spin_results(call)};
    struct str *words = lower_parameters(answer.arena, command, &arguments);
    ret_result->is_err = true;
    if (!words) {
        ret_result->err = too_many_words();
        return WASM_TRAP_NONE;
    }
    enum wasm_trap_kind trap = ask(call, self, words, arguments.len + 1, &answer);
    if (answer.is_err)
        ret_result->err = answer.error;
    else if (!lift_results(&answer, &ret_result->ok))
        ret_result->err = other(STR("the answer of the Redis server has too many values"));
    else
        ret_result->is_err = false;
    return trap;
}

const struct fermyon_spin_v2_redis_functions fermyon_spin_v2_redis_functions = {
    .connection_open = connection_open,
    .connection_publish = connection_publish,
    .connection_get = connection_get,
    .connection_set = connection_set,
    .connection_incr = connection_incr,
    .connection_del = connection_del,
    .connection_sadd = connection_sadd,
    .connection_smembers = connection_smembers,
    .connection_srem = connection_srem,
    .connection_execute = connection_execute,
    .connection_drop = connection_drop,
};
