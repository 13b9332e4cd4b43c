/*
 * Key-value stores in a Redis server.
 */
#include <inttypes.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "client/redis.h"
#include "spin/backend/key_value.h"
#include "spin/context.h"

struct redis_store {
    struct key_value_store base;
    struct client_redis_pool *pool;
    struct client_redis_address address;
    struct arena arena; /* of the address */
};

/* One command on a connection of the pool. What the server refuses is an error here. */
static int ask(struct key_value_store *store, const struct key_value_use *use,
    const struct str *words, size_t count, struct client_redis_reply *ret_reply, struct error *err)
{
    struct redis_store *redis = (struct redis_store *)store;
    struct client_wait wait = spin_wait(use->wasi);
    struct client_redis *server;
    struct client_redis_reply reply;
    if (client_redis_take(redis->pool, &redis->address, &wait, &server, err) < 0)
        return -1;
    int result = client_redis_command(server, words, count, &wait, use->results, &reply, err);
    client_redis_give(server);
    if (result == 0 && reply.error.len)
        return error_set(err, ERROR_IO, "%" STR_FMT, STR_ARG(reply.error));
    if (result == 0)
        *ret_reply = reply;
    return result;
}

static int fail_answer(struct error *err)
{
    return error_set(err, ERROR_INVALID, "the Redis server's answer is of another kind");
}

/* The only value of a reply, of this kind. */
static const struct client_redis_value *only(
    const struct client_redis_reply *reply, enum client_redis_kind kind)
{
    bool is_it = !reply->is_array && reply->count == 1 && reply->values[0].kind == kind;
    return is_it ? &reply->values[0] : NULL;
}

static int ask_number(struct key_value_store *store, const struct key_value_use *use,
    const struct str *words, size_t count, int64_t *ret_number, struct error *err)
{
    struct client_redis_reply reply;
    if (ask(store, use, words, count, &reply, err) < 0)
        return -1;
    const struct client_redis_value *number = only(&reply, CLIENT_REDIS_INTEGER);
    if (!number)
        return fail_answer(err);
    *ret_number = number->integer;
    return 0;
}

static int get(struct key_value_store *store, const struct key_value_use *use, struct str key,
    struct key_value_found *ret_found, struct error *err)
{
    const struct str words[] = {STR("GET"), key};
    struct client_redis_reply reply;
    if (ask(store, use, words, countof(words), &reply, err) < 0)
        return -1;
    const struct client_redis_value *value = only(&reply, CLIENT_REDIS_BYTES);
    if (!value && !only(&reply, CLIENT_REDIS_NIL))
        return fail_answer(err);
    *ret_found = (struct key_value_found){value != NULL, value ? value->text : STR_EMPTY};
    return 0;
}

static int exists(struct key_value_store *store, const struct key_value_use *use, struct str key,
    bool *ret_exists, struct error *err)
{
    const struct str words[] = {STR("EXISTS"), key};
    int64_t number;
    if (ask_number(store, use, words, countof(words), &number, err) < 0)
        return -1;
    *ret_exists = number > 0;
    return 0;
}

/* A command's words: its name, and then as many as the caller fills in. */
static struct str *make_words(
    const struct key_value_use *use, const char *command, size_t count, struct error *err)
{
    struct str *words = arena_try_array(use->results, count + 1, struct str);
    if (!words)
        error_set(err, ERROR_LIMIT, "too many keys at once");
    else
        words[0] = str_of(command);
    return words;
}

static int set(struct key_value_store *store, const struct key_value_use *use,
    const struct key_value_pair *pairs, size_t count, struct error *err)
{
    struct client_redis_reply reply;
    if (count == 0)
        return 0;
    struct str *words = make_words(use, "MSET", 2 * count, err);
    if (!words)
        return -1;
    for (size_t i = 0; i < count; i++) {
        words[2 * i + 1] = pairs[i].key;
        words[2 * i + 2] = pairs[i].value;
    }
    return ask(store, use, words, 2 * count + 1, &reply, err);
}

static int delete(struct key_value_store *store, const struct key_value_use *use,
    const struct str *keys, size_t count, struct error *err)
{
    int64_t deleted;
    if (count == 0)
        return 0;
    struct str *words = make_words(use, "DEL", count, err);
    if (!words)
        return -1;
    memcpy(words + 1, keys, count * sizeof(*words));
    return ask_number(store, use, words, count + 1, &deleted, err);
}

static int keys(struct key_value_store *store, const struct key_value_use *use,
    struct key_value_keys *ret_keys, struct error *err)
{
    const struct str words[] = {STR("KEYS"), STR("*")};
    struct client_redis_reply reply;
    if (ask(store, use, words, countof(words), &reply, err) < 0)
        return -1;
    struct str *found = arena_try_array(use->results, reply.count, struct str);
    if (!found)
        return error_set(
            err, ERROR_LIMIT, "query result exceeds limit of %zu bytes", LIMIT_RESULT_BYTES);
    for (size_t i = 0; i < reply.count; i++) {
        if (reply.values[i].kind != CLIENT_REDIS_BYTES)
            return fail_answer(err);
        found[i] = reply.values[i].text;
        if (!utf8_valid(found[i]))
            return error_set(err, ERROR_INVALID, "a key of the Redis server is not UTF-8");
    }
    *ret_keys = (struct key_value_keys){reply.count, found};
    return 0;
}

static int increment(struct key_value_store *store, const struct key_value_use *use, struct str key,
    int64_t delta, int64_t *ret_sum, struct error *err)
{
    char number[24];
    snprintf(number, sizeof(number), "%" PRId64, delta);
    const struct str words[] = {STR("INCRBY"), key, str_of(number)};
    return ask_number(store, use, words, countof(words), ret_sum, err);
}

/* A script, which the server runs without anybody else in between. */
static int swap(struct key_value_store *store, const struct key_value_use *use, struct str key,
    struct key_value_found expected, struct str value, bool *ret_swapped, struct error *err)
{
    static const char script[] = "local found = redis.call('GET', KEYS[1]) "
                                 "if ARGV[1] == '1' and found ~= ARGV[2] then return 0 end "
                                 "if ARGV[1] == '0' and found then return 0 end "
                                 "redis.call('SET', KEYS[1], ARGV[3]) return 1";
    const struct str words[] = {STR("EVAL"), str_of(script), STR("1"), key,
        expected.is_there ? STR("1") : STR("0"), expected.is_there ? expected.value : STR_EMPTY,
        value};
    int64_t swapped;
    if (ask_number(store, use, words, countof(words), &swapped, err) < 0)
        return -1;
    *ret_swapped = swapped == 1;
    return 0;
}

static void free_store(struct key_value_store *store)
{
    struct redis_store *redis = (struct redis_store *)store;
    arena_release(&redis->arena);
    free(redis);
}

static const struct key_value_backend backend = {
    .get = get,
    .exists = exists,
    .set = set,
    .delete = delete,
    .keys = keys,
    .increment = increment,
    .swap = swap,
    .free = free_store,
};

int key_value_redis_new(struct client_redis_pool *pool, struct str url,
    struct key_value_store **ret_store, struct error *err)
{
    struct redis_store *redis = calloc(1, sizeof(*redis));
    if (!redis)
        return error_set(err, ERROR_MEMORY, "no memory for a key-value store");
    *redis =
        (struct redis_store){.base.backend = &backend, .pool = pool, .arena = ARENA_INIT(64 * KIB)};
    char *text = arena_try_alloc(&redis->arena, url.len + 1, 1);
    int result = text ? 0 : error_set(err, ERROR_LIMIT, "the address is too long");
    if (text) {
        memcpy(text, url.ptr, url.len);
        result = client_redis_address_parse(
            str_make(text, url.len), &redis->arena, &redis->address, err);
    }
    if (result < 0) {
        free_store(&redis->base);
        return -1;
    }
    *ret_store = &redis->base;
    return 0;
}
