#include "client/redis_reply.h"

#include <hiredis/hiredis.h>

#include "base/limits.h"

/* A buffer that grew beyond this is not kept for the next reply. */
#define KEPT_BYTES (64 * KIB)

struct client_redis_reader {
    redisReader *parser;
    size_t fed; /* bytes, since the reader was last empty */
    struct arena *arena;
    struct client_redis_reply reply; /* as far as it has been read */
    size_t capacity;                 /* of reply.values */
    bool full;                       /* the arena would not give more */
};

/* A place at the end of the list; NULL when the arena is full. */
static struct client_redis_value *add(struct client_redis_reader *r, enum client_redis_kind kind)
{
    struct client_redis_reply *reply = &r->reply;
    if (reply->count == r->capacity) {
        size_t capacity = r->capacity ? r->capacity * 2 : 4;
        struct client_redis_value *values =
            arena_try_array(r->arena, capacity, struct client_redis_value);
        if (!values) {
            r->full = true;
            return NULL;
        }
        if (reply->count)
            memcpy(values, reply->values, reply->count * sizeof(*values));
        reply->values = values;
        r->capacity = capacity;
    }
    struct client_redis_value *value = &reply->values[reply->count++];
    value->kind = kind;
    return value;
}

static bool copy(struct client_redis_reader *r, struct str bytes, struct str *ret_copy)
{
    char *to = arena_try_alloc_raw(r->arena, bytes.len + 1);
    if (!to) {
        r->full = true;
        return false;
    }
    if (bytes.len)
        memcpy(to, bytes.ptr, bytes.len);
    *ret_copy = str_make(to, bytes.len);
    return true;
}

/*
 * What hiredis calls for each element, depth first, which is the order of a flat list. It wants an
 * object for each, or NULL for a failure: it gets the reader.
 */

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *create_string(const redisReadTask *task, char *bytes, size_t len)
{
    struct client_redis_reader *r = task->privdata;
    struct str text;
    if (task->type != REDIS_REPLY_STRING && task->type != REDIS_REPLY_STATUS &&
        task->type != REDIS_REPLY_ERROR)
        return NULL; /* verbatim text, big numbers: RESP3 */
    if (!copy(r, str_make(bytes, len), &text))
        return NULL;
    if (task->type == REDIS_REPLY_ERROR) {
        if (!r->reply.error.len)
            r->reply.error = len ? text : STR("ERR");
        return r;
    }
    struct client_redis_value *value =
        add(r, task->type == REDIS_REPLY_STATUS ? CLIENT_REDIS_STATUS : CLIENT_REDIS_BYTES);
    if (!value)
        return NULL;
    value->text = text;
    return r;
}

static void *create_array(const redisReadTask *task, element_count count)
{
    (void)count;
    struct client_redis_reader *r = task->privdata;
#if HIREDIS_MAJOR >= 1
    if (task->type != REDIS_REPLY_ARRAY && task->type != REDIS_REPLY_SET)
        return NULL;
#endif
    r->reply.is_array = true;
    return r;
}

static void *create_integer(const redisReadTask *task, long long integer)
{
    struct client_redis_reader *r = task->privdata;
    struct client_redis_value *value = add(r, CLIENT_REDIS_INTEGER);
    if (!value)
        return NULL;
    value->integer = integer;
    return r;
}

static void *create_nil(const redisReadTask *task)
{
    struct client_redis_reader *r = task->privdata;
    return add(r, CLIENT_REDIS_NIL) ? r : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *create_double(const redisReadTask *task, double number, char *text, size_t len)
{
    (void)number;
    struct client_redis_reader *r = task->privdata;
    struct client_redis_value *value = add(r, CLIENT_REDIS_BYTES);
    return value && copy(r, str_make(text, len), &value->text) ? r : NULL;
}

static void *create_bool(const redisReadTask *task, int truth)
{
    return create_integer(task, truth != 0);
}
#endif

static void free_object(void *object)
{
    (void)object; /* it is the arena's */
}

static const redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_object,
};

static bool make_parser(struct client_redis_reader *r)
{
    r->parser = redisReaderCreateWithFunctions((redisReplyObjectFunctions *)&functions);
    r->fed = 0;
    if (r->parser)
        r->parser->privdata = r;
    return r->parser != NULL;
}

struct client_redis_reader *client_redis_reader_new(void)
{
    struct client_redis_reader *r = calloc(1, sizeof(*r));
    if (r && !make_parser(r)) {
        free(r);
        return NULL;
    }
    return r;
}

void client_redis_reader_free(struct client_redis_reader *r)
{
    if (!r)
        return;
    if (r->parser)
        redisReaderFree(r->parser);
    free(r);
}

void client_redis_reader_begin(struct client_redis_reader *r, struct arena *arena)
{
    r->arena = arena;
    r->reply = (struct client_redis_reply){0};
    r->capacity = 0;
    r->full = false;
}

static int too_large(struct error *err)
{
    return error_set(
        err, ERROR_LIMIT, "query result exceeds limit of %zu bytes", LIMIT_RESULT_BYTES);
}

/* The buffer is empty: a large one is given back. */
static bool renew(struct client_redis_reader *r)
{
    bool large = r->fed > KEPT_BYTES;
    r->fed = 0;
    if (!large)
        return true;
    redisReaderFree(r->parser);
    return make_parser(r);
}

int client_redis_reader_next(struct client_redis_reader *r, bool *ret_complete,
    struct client_redis_reply *ret_reply, struct error *err)
{
    void *object = NULL;
    if (redisReaderGetReply(r->parser, &object) != REDIS_OK) {
        if (r->full)
            return too_large(err);
        return error_set(
            err, ERROR_INVALID, "the answer of the Redis server is not one: %s", r->parser->errstr);
    }
    *ret_complete = object != NULL;
    if (!object)
        return 0;
    *ret_reply = r->reply;
    if (client_redis_reader_is_empty(r) && !renew(r))
        return error_set(err, ERROR_MEMORY, "no memory for a Redis connection");
    return 0;
}

int client_redis_reader_feed(struct client_redis_reader *r, struct str bytes, struct error *err)
{
    r->fed += bytes.len;
    if (r->fed > LIMIT_RESULT_BYTES)
        return too_large(err);
    if (redisReaderFeed(r->parser, bytes.ptr, bytes.len) != REDIS_OK)
        return error_set(err, ERROR_MEMORY, "no memory for the answer of the Redis server");
    return 0;
}

bool client_redis_reader_is_empty(const struct client_redis_reader *r)
{
    return r->parser->pos == r->parser->len;
}
