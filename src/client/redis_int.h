/* What redis.c and redis_pool.c share. */
#ifndef SPINDLE_CLIENT_REDIS_INT_H
#define SPINDLE_CLIENT_REDIS_INT_H

#include "base/buf.h"
#include "client/redis.h"

struct client_redis {
    struct client_redis_pool *pool;
    int fd;        /* -1 after a failure */
    bool reusable; /* nothing was done that the next taker could notice */
    bool is_quick; /* the last answer came at once */
    struct client_redis_reader *reader;
    struct buf out; /* the command that is being sent */
    char *address;  /* NUL-terminated */
    size_t address_len;
    deadline_t idle_since;
    struct client_redis *newer, *older; /* among the idle ones */
};

/* Connects and greets. The pool is only remembered. */
int client_redis_make(struct client_redis_pool *pool, const struct client_redis_address *address,
    const struct client_blocked *blocked, const struct client_wait *wait,
    struct client_redis **ret_connection, struct error *err);
void client_redis_destroy(struct client_redis *connection);

#endif
