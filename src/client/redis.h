/*
 * Connections to Redis servers, pooled.
 *
 *     client_redis_take ─> client_redis_command ... ─> client_redis_give
 *
 * A connection serves one taker at a time. What it was used for before leaves no trace: it goes
 * back to the pool only if every command was one that is known to leave nothing on a connection
 * (redis_commands.c; so not SELECT, MULTI, SUBSCRIBE and the like, nor what we have not heard of)
 * and was answered in full. Otherwise it is closed.
 *
 * A pool belongs to an application; threads share it. Its lock guards the list of idle connections
 * and the count; nothing is waited for while it is held. A thread of the pool's, started with its
 * first connection, closes what nobody has used for a while.
 */
#ifndef SPINDLE_CLIENT_REDIS_H
#define SPINDLE_CLIENT_REDIS_H

#include "client/network.h"
#include "client/redis_address.h"
#include "client/redis_reply.h"
#include "client/wait.h"

struct client_redis;
struct client_redis_pool;

struct client_redis_pool_options {
    unsigned max_connections; /* in use and idle, to all servers; 0: LIMIT_REDIS_CONNECTIONS */
    uint64_t idle_ns;         /* how long one that nobody uses is kept; 0: LIMIT_REDIS_IDLE_NS */
    struct client_blocked blocked;
};

int client_redis_pool_new(const struct client_redis_pool_options *options,
    struct client_redis_pool **ret_pool, struct error *err);
/* All connections have been given back. Takes NULL. */
void client_redis_pool_free(struct client_redis_pool *pool);

/*
 * An idle connection that is still open, or a new one: connected, authenticated, its database
 * selected. ERROR_LIMIT: the pool's maximum is in use. Else why no connection could be made.
 */
int client_redis_take(struct client_redis_pool *pool, const struct client_redis_address *address,
    const struct client_wait *wait, struct client_redis **ret_connection, struct error *err);
void client_redis_give(struct client_redis *connection);

/*
 * Sends a command and waits for its answer, whose values are in the arena. What the server answers
 * is a success here, an error too (reply.error). After a failure the connection can only be given
 * back. ERROR_LIMIT: command or answer too large; ERROR_TIMEOUT; ERROR_IO; ERROR_INVALID.
 */
int client_redis_command(struct client_redis *connection, const struct str *words, size_t count,
    const struct client_wait *wait, struct arena *arena, struct client_redis_reply *ret_reply,
    struct error *err);

/* Is it a command that leaves nothing on its connection? Ignores case. */
bool client_redis_leaves_nothing(struct str command);

#endif
