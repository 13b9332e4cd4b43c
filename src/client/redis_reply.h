/*
 * Replies of a Redis server, from bytes to a flat list of values (hiredis reads the protocol).
 *
 * The server is not trusted: a reply is at most LIMIT_RESULT_BYTES long and its values come from
 * the caller's arena, which has a maximum.
 */
#ifndef SPINDLE_CLIENT_REDIS_REPLY_H
#define SPINDLE_CLIENT_REDIS_REPLY_H

#include "base/arena.h"
#include "base/error.h"

enum client_redis_kind {
    CLIENT_REDIS_NIL,
    CLIENT_REDIS_STATUS, /* text */
    CLIENT_REDIS_INTEGER,
    CLIENT_REDIS_BYTES,
};

struct client_redis_value {
    enum client_redis_kind kind;
    union {
        int64_t integer;
        struct str text;
    };
};

struct client_redis_reply {
    /* In order; those of arrays in place of the arrays, however deep. */
    struct client_redis_value *values;
    size_t count;
    bool is_array;    /* values[0] is not the whole */
    struct str error; /* of the server, "WRONGTYPE ..."; empty: none. The first one in arrays. */
};

struct client_redis_reader;

/* NULL: out of memory. */
MUST_CHECK struct client_redis_reader *client_redis_reader_new(void);
/* Takes NULL. */
void client_redis_reader_free(struct client_redis_reader *reader);
/* The next reply's values come from this arena. Before any bytes of it are fed. */
void client_redis_reader_begin(struct client_redis_reader *reader, struct arena *arena);
/*
 * The next reply from what was fed. *ret_reply is set, and true returned, when it is complete.
 * After a failure the reader can only be freed: ERROR_LIMIT, ERROR_INVALID (not the protocol).
 */
int client_redis_reader_next(struct client_redis_reader *reader, bool *ret_complete,
    struct client_redis_reply *ret_reply, struct error *err);
int client_redis_reader_feed(
    struct client_redis_reader *reader, struct str bytes, struct error *err);
/* Nothing is left of what was fed. */
bool client_redis_reader_is_empty(const struct client_redis_reader *reader);

#endif
