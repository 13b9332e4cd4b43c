/* The connections of an application: who has one, which wait, when they end. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "client/redis_int.h"

struct client_redis_pool {
    struct client_redis_pool_options options;
    pthread_mutex_t lock; /* what follows */
    struct client_redis *newest, *oldest;
    unsigned idle, open; /* open: with those in use and those being made */
    bool has_reaper, stopping;
    pthread_t reaper;
    pthread_cond_t changed; /* something is open again, or stopping */
};

int client_redis_pool_new(const struct client_redis_pool_options *options,
    struct client_redis_pool **ret_pool, struct error *err)
{
    struct client_redis_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return error_set(err, ERROR_MEMORY, "no memory for Redis connections");
    pool->options = *options;
    if (!pool->options.max_connections)
        pool->options.max_connections = LIMIT_REDIS_CONNECTIONS;
    if (!pool->options.idle_ns)
        pool->options.idle_ns = LIMIT_REDIS_IDLE_NS;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_pool = pool;
    return 0;
}

/* Called with the lock. */
static void unlink_idle(struct client_redis_pool *pool, struct client_redis *c)
{
    *(c->newer ? &c->newer->older : &pool->newest) = c->older;
    *(c->older ? &c->older->newer : &pool->oldest) = c->newer;
    c->newer = c->older = NULL;
    pool->idle--;
}

/* Moves the oldest one to a list that destroy_all takes. Called with the lock. */
static void retire_oldest(struct client_redis_pool *pool, struct client_redis **list)
{
    struct client_redis *c = pool->oldest;
    unlink_idle(pool, c);
    pool->open--;
    c->older = *list;
    *list = c;
}

/* Called with the lock. */
static void retire_unused(struct client_redis_pool *pool, struct client_redis **list)
{
    uint64_t now = clock_monotonic_ns();
    while (pool->oldest && (pool->oldest->idle_since + pool->options.idle_ns <= now ||
                               pool->idle > LIMIT_REDIS_IDLE))
        retire_oldest(pool, list);
}

static void destroy_all(struct client_redis *list)
{
    while (list) {
        struct client_redis *c = list;
        list = c->older;
        client_redis_destroy(c);
    }
}

/* The reaper: looks when the oldest idle connection may have waited for long enough. */

static void wait_for_age(struct client_redis_pool *pool)
{
    if (!pool->open) {
        pthread_cond_wait(&pool->changed, &pool->lock);
        return;
    }
    deadline_t since = pool->oldest ? pool->oldest->idle_since : clock_monotonic_ns();
    struct timespec until = clock_timespec(since + pool->options.idle_ns);
    pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

static void *reap(void *data)
{
    struct client_redis_pool *pool = data;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        struct client_redis *closed = NULL;
        retire_unused(pool, &closed);
        if (closed) {
            pthread_mutex_unlock(&pool->lock);
            destroy_all(closed);
            pthread_mutex_lock(&pool->lock);
        } else {
            wait_for_age(pool);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Called with the lock, when something is about to be open. Without a thread takes and gives do. */
static void start_reaper(struct client_redis_pool *pool)
{
    if (pool->has_reaper) {
        pthread_cond_signal(&pool->changed);
        return;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pool->has_reaper = pthread_create(&pool->reaper, NULL, reap, pool) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_reaper(struct client_redis_pool *pool)
{
    if (!pool->has_reaper)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    pthread_join(pool->reaper, NULL);
}

void client_redis_pool_free(struct client_redis_pool *pool)
{
    if (!pool)
        return;
    struct client_redis *closed = NULL;
    stop_reaper(pool);
    while (pool->oldest)
        retire_oldest(pool, &closed);
    BUG_IF(pool->open);
    destroy_all(closed);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

/* Called with the lock. */
static struct client_redis *find_idle(struct client_redis_pool *pool, struct str address)
{
    struct client_redis *c = pool->newest;
    while (c && !str_equal(str_make(c->address, c->address_len), address))
        c = c->older;
    return c;
}

static void count_closed(struct client_redis_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->open--;
    pthread_mutex_unlock(&pool->lock);
}

/* An idle connection, or NULL and the right to make one. */
static int take_idle(struct client_redis_pool *pool, struct str address,
    struct client_redis **ret_connection, struct error *err)
{
    struct client_redis *closed = NULL;
    int result = 0;
    pthread_mutex_lock(&pool->lock);
    retire_unused(pool, &closed);
    struct client_redis *c = find_idle(pool, address);
    if (c) {
        unlink_idle(pool, c);
    } else {
        if (pool->open >= pool->options.max_connections && pool->oldest)
            retire_oldest(pool, &closed);
        if (pool->open == 0)
            start_reaper(pool);
        if (pool->open < pool->options.max_connections)
            pool->open++;
        else
            result = error_set(err, ERROR_LIMIT, "%u connections to Redis servers are open",
                pool->options.max_connections);
    }
    pthread_mutex_unlock(&pool->lock);
    destroy_all(closed);
    *ret_connection = c;
    return result;
}

/* An idle connection has nothing to say: bytes are as bad as the end. */
static bool is_alive(const struct client_redis *c)
{
    char byte;
    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EINTR);
}

int client_redis_take(struct client_redis_pool *pool, const struct client_redis_address *address,
    const struct client_wait *wait, struct client_redis **ret_connection, struct error *err)
{
    for (;;) {
        struct client_redis *c;
        if (take_idle(pool, address->text, &c, err) < 0)
            return -1;
        if (!c)
            break;
        if (is_alive(c)) {
            *ret_connection = c;
            return 0;
        }
        client_redis_destroy(c);
        count_closed(pool);
    }
    if (client_redis_make(pool, address, &pool->options.blocked, wait, ret_connection, err) == 0)
        return 0;
    count_closed(pool);
    return -1;
}

void client_redis_give(struct client_redis *c)
{
    struct client_redis_pool *pool = c->pool;
    if (c->fd < 0 || !c->reusable || !client_redis_reader_is_empty(c->reader)) {
        client_redis_destroy(c);
        count_closed(pool);
        return;
    }
    struct client_redis *closed = NULL;
    pthread_mutex_lock(&pool->lock);
    c->idle_since = clock_monotonic_ns();
    c->older = pool->newest;
    *(c->older ? &c->older->newer : &pool->oldest) = c;
    pool->newest = c;
    pool->idle++;
    retire_unused(pool, &closed);
    pthread_mutex_unlock(&pool->lock);
    destroy_all(closed);
}
