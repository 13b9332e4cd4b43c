#include "client/redis.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "client/connect.h"

struct client_redis {
    struct client_redis_pool *pool;
    int fd;
    bool reusable; /* nothing was done that the next taker could notice */
    struct client_redis_reader *reader;
    struct buf out; /* the command that is being sent */
    char *address;  /* NUL-terminated */
    size_t address_len;
    deadline_t idle_since;
    struct client_redis *newer, *older; /* among the idle ones */
};

struct client_redis_pool {
    struct client_redis_pool_options options;
    pthread_mutex_t lock; /* what follows */
    struct client_redis *newest, *oldest;
    unsigned idle, open; /* open: with those in use and those being made */
};

/* A command that grew beyond this leaves no buffer behind. */
#define KEPT_BYTES (64 * KIB)

/* Connections. */

static void destroy(struct client_redis *c)
{
    if (c->fd >= 0)
        close(c->fd);
    client_redis_reader_free(c->reader);
    buf_release(&c->out);
    free(c->address);
    free(c);
}

/* The serialisation of a command: a list of strings, each with its length before it. */
static int write_command(struct buf *out, const struct str *words, size_t count, struct error *err)
{
    buf_clear(out);
    buf_printf(out, "*%zu\r\n", count);
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "$%zu\r\n", words[i].len);
        buf_append_str(out, words[i]);
        buf_append(out, "\r\n", 2);
    }
    if (out->failed)
        return error_set(err, ERROR_LIMIT, "a Redis command is longer than %zu bytes", out->max);
    return 0;
}

static int no_answer(const struct client_wait *wait, struct error *err)
{
    bool own = wait->deadline > clock_monotonic_ns();
    return error_set(err, ERROR_TIMEOUT,
        own ? "the Redis server has not answered for %llu s" : "the request's time is over",
        LIMIT_REDIS_ANSWER_NS / NS_PER_S);
}

static int send_all(struct client_redis *c, const struct client_wait *wait, struct error *err)
{
    size_t sent = 0;
    while (sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN) {
            if (!client_wait_fd(wait, c->fd, POLLOUT, clock_monotonic_ns() + LIMIT_REDIS_ANSWER_NS))
                return no_answer(wait, err);
        } else if (errno != EINTR)
            return error_set_os(err, errno, "cannot send to the Redis server");
    }
    if (c->out.cap > KEPT_BYTES)
        buf_release(&c->out);
    return 0;
}

/* Feeds the reader what is there, after a wait if nothing is. */
static int receive_some(struct client_redis *c, const struct client_wait *wait, struct error *err)
{
    char bytes[16 * 1024];
    if (!client_wait_fd(wait, c->fd, POLLIN, clock_monotonic_ns() + LIMIT_REDIS_ANSWER_NS))
        return no_answer(wait, err);
    ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
    if (n == 0)
        return error_set(err, ERROR_IO, "the Redis server has closed the connection");
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return error_set_os(err, errno, "cannot receive from the Redis server");
    return n < 0 ? 0 : client_redis_reader_feed(c->reader, str_make(bytes, (size_t)n), err);
}

static int exchange(struct client_redis *c, const struct str *words, size_t count,
    const struct client_wait *wait, struct client_redis_reply *ret_reply, struct error *err)
{
    bool complete = false;
    if (write_command(&c->out, words, count, err) < 0 || send_all(c, wait, err) < 0)
        return -1;
    for (;;) {
        if (client_redis_reader_next(c->reader, &complete, ret_reply, err) < 0)
            return -1;
        if (complete)
            return 0;
        if (receive_some(c, wait, err) < 0)
            return -1;
    }
}

int client_redis_command(struct client_redis *c, const struct str *words, size_t count,
    const struct client_wait *wait, struct arena *arena, struct client_redis_reply *ret_reply,
    struct error *err)
{
    BUG_IF(count == 0);
    if (c->fd < 0)
        return error_set(err, ERROR_IO, "the connection to the Redis server is closed");
    c->reusable = c->reusable && client_redis_leaves_nothing(words[0]);
    client_redis_reader_begin(c->reader, arena);
    if (exchange(c, words, count, wait, ret_reply, err) == 0)
        return 0;
    close(c->fd);
    c->fd = -1;
    return -1;
}

/* A new connection says who it is and which database it wants. */

static int introduce(struct client_redis *c, const struct str *words, size_t count,
    const struct client_wait *wait, struct error *err)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(LIMIT_REDIS_GREETING);
    struct client_redis_reply reply;
    if (client_redis_command(c, words, count, wait, &arena, &reply, err) < 0)
        return -1;
    if (reply.error.len)
        return error_set(err, ERROR_DENIED, "%" STR_FMT, STR_ARG(reply.error));
    return 0;
}

static int greet(struct client_redis *c, const struct client_redis_address *address,
    const struct client_wait *wait, struct error *err)
{
    struct str auth[] = {STR("AUTH"), address->user, address->password};
    struct str password_only[] = {STR("AUTH"), address->password};
    char number[16];
    snprintf(number, sizeof(number), "%u", address->database);
    struct str select[] = {STR("SELECT"), str_of(number)};
    if (address->user.len && introduce(c, auth, countof(auth), wait, err) < 0)
        return -1;
    if (!address->user.len && address->password.len &&
        introduce(c, password_only, countof(password_only), wait, err) < 0)
        return -1;
    if (address->database && introduce(c, select, countof(select), wait, err) < 0)
        return -1;
    c->reusable = true;
    return 0;
}

static int make(struct client_redis_pool *pool, const struct client_redis_address *address,
    const struct client_wait *wait, struct client_redis **ret_connection, struct error *err)
{
    struct client_redis *c = calloc(1, sizeof(*c));
    if (!c)
        return error_set(err, ERROR_MEMORY, "no memory for a Redis connection");
    *c = (struct client_redis){.pool = pool,
        .fd = -1,
        .reader = client_redis_reader_new(),
        .out = BUF_INIT(LIMIT_RESULT_BYTES),
        .address = str_dup(address->text),
        .address_len = address->text.len};
    int result = c->reader ? 0 : error_set(err, ERROR_MEMORY, "no memory for a Redis connection");
    if (result == 0)
        result = client_connect(address->host, address->port, &pool->options.blocked,
            LIMIT_CONNECT_NS, wait, &c->fd, err);
    if (result == 0)
        result = greet(c, address, wait, err);
    if (result < 0) {
        destroy(c);
        return -1;
    }
    *ret_connection = c;
    return 0;
}

/* The pool. */

int client_redis_pool_new(const struct client_redis_pool_options *options,
    struct client_redis_pool **ret_pool, struct error *err)
{
    struct client_redis_pool *pool = calloc(1, sizeof(*pool));
    if (!pool)
        return error_set(err, ERROR_MEMORY, "no memory for Redis connections");
    pool->options = *options;
    if (!pool->options.max_connections)
        pool->options.max_connections = LIMIT_REDIS_CONNECTIONS;
    pthread_mutex_init(&pool->lock, NULL);
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
    while (pool->oldest &&
           (pool->oldest->idle_since + LIMIT_REDIS_IDLE_NS <= now || pool->idle > LIMIT_REDIS_IDLE))
        retire_oldest(pool, list);
}

static void destroy_all(struct client_redis *list)
{
    while (list) {
        struct client_redis *c = list;
        list = c->older;
        destroy(c);
    }
}

void client_redis_pool_sweep(struct client_redis_pool *pool)
{
    struct client_redis *closed = NULL;
    pthread_mutex_lock(&pool->lock);
    retire_unused(pool, &closed);
    pthread_mutex_unlock(&pool->lock);
    destroy_all(closed);
}

void client_redis_pool_free(struct client_redis_pool *pool)
{
    if (!pool)
        return;
    struct client_redis *closed = NULL;
    while (pool->oldest)
        retire_oldest(pool, &closed);
    BUG_IF(pool->open);
    destroy_all(closed);
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
    return recv(c->fd, &byte, 1, MSG_PEEK) < 0 && (errno == EAGAIN || errno == EINTR);
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
        destroy(c);
        count_closed(pool);
    }
    if (make(pool, address, wait, ret_connection, err) == 0)
        return 0;
    count_closed(pool);
    return -1;
}

void client_redis_give(struct client_redis *c)
{
    struct client_redis_pool *pool = c->pool;
    if (c->fd < 0 || !c->reusable || !client_redis_reader_is_empty(c->reader)) {
        destroy(c);
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
