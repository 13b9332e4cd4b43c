/* One connection: commands, answers, and the greeting of a new one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "client/connect.h"
#include "client/redis_int.h"

/* A command that grew beyond this leaves no buffer behind. */
#define KEPT_BYTES (64 * KIB)
/* A server that answers within this is worth waiting for. */
#define QUICK_NS (300000ull)

void client_redis_destroy(struct client_redis *c)
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
        ssize_t n = send(c->fd, c->out.data + sent, c->out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
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

/*
 * Handing the thread over and taking it back costs about as much as a server nearby takes for its
 * answer. So as long as a server is quick the socket itself waits, one tick of the clock at most
 * (set_tick), and nobody is told.
 */
static ssize_t receive(struct client_redis *c, const struct client_wait *wait, char *bytes,
    size_t size, bool *ret_over)
{
    uint64_t begin = clock_monotonic_ns();
    ssize_t n = c->is_quick ? recv(c->fd, bytes, size, 0) : -1;
    if (n < 0 && (!c->is_quick || errno == EAGAIN)) {
        *ret_over = !client_wait_fd(wait, c->fd, POLLIN, begin + LIMIT_REDIS_ANSWER_NS);
        n = recv(c->fd, bytes, size, MSG_DONTWAIT);
    }
    int failure = errno;
    c->is_quick = clock_monotonic_ns() - begin < QUICK_NS;
    errno = failure;
    return n;
}

/* Feeds the reader what is there, after a wait if nothing is. */
static int receive_some(struct client_redis *c, const struct client_wait *wait, struct error *err)
{
    char bytes[16 * 1024];
    bool is_over = false;
    ssize_t n = receive(c, wait, bytes, sizeof(bytes), &is_over);
    if (n > 0)
        return client_redis_reader_feed(c->reader, str_make(bytes, (size_t)n), err);
    if (n == 0)
        return error_set(err, ERROR_IO, "the Redis server has closed the connection");
    if (is_over)
        return no_answer(wait, err);
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return error_set_os(err, errno, "cannot receive from the Redis server");
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

/* The socket waits by itself, for as short as the system can. */
static int set_tick(int fd, struct error *err)
{
    struct timeval tick = {.tv_usec = 1};
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) < 0)
        return error_set_os(err, errno, "cannot prepare a socket");
    return 0;
}

int client_redis_make(struct client_redis_pool *pool, const struct client_redis_address *address,
    const struct client_blocked *blocked, const struct client_wait *wait,
    struct client_redis **ret_connection, struct error *err)
{
    struct client_redis *c = calloc(1, sizeof(*c));
    if (!c)
        return error_set(err, ERROR_MEMORY, "no memory for a Redis connection");
    *c = (struct client_redis){.pool = pool,
        .fd = -1,
        .is_quick = true,
        .reader = client_redis_reader_new(),
        .out = BUF_INIT(LIMIT_RESULT_BYTES),
        .address = str_dup(address->text),
        .address_len = address->text.len};
    int result = c->reader ? 0 : error_set(err, ERROR_MEMORY, "no memory for a Redis connection");
    if (result == 0)
        result = client_connect(
            address->host, address->port, blocked, LIMIT_CONNECT_NS, wait, &c->fd, err);
    if (result == 0)
        result = set_tick(c->fd, err);
    if (result == 0)
        result = greet(c, address, wait, err);
    if (result < 0) {
        client_redis_destroy(c);
        return -1;
    }
    *ret_connection = c;
    return 0;
}
