#include "http/server.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "http/server_int.h"

void http_server_options_init(struct http_server_options *options)
{
    *options = (struct http_server_options){
        .max_threads = LIMIT_HTTP_THREADS,
        .max_streams = LIMIT_HTTP_STREAMS,
        .max_head_bytes = LIMIT_HTTP_HEAD_BYTES,
        .max_fields = LIMIT_HTTP_FIELDS,
        .max_body_bytes = LIMIT_HTTP_BODY_BYTES,
        .body_ahead_bytes = LIMIT_HTTP_BODY_AHEAD,
        .queue_bytes = LIMIT_HTTP_QUEUE_BYTES,
        .max_held_bytes = LIMIT_HTTP_HELD_BYTES,
        .max_connections = LIMIT_HTTP_CONNECTIONS,
        .idle_ns = 60 * NS_PER_S,
        .read_ns = 30 * NS_PER_S,
        .write_ns = 30 * NS_PER_S,
        .drain_ns = 5 * NS_PER_S,
    };
}

/* Often enough that a limit is overrun by a quarter at most, but not for every millisecond. */
static deadline_t tick_of(const struct http_server_options *options)
{
    deadline_t shortest = options->idle_ns;
    if (options->read_ns < shortest)
        shortest = options->read_ns;
    if (options->write_ns < shortest)
        shortest = options->write_ns;
    deadline_t tick = shortest / 4;
    if (tick > NS_PER_S)
        return NS_PER_S;
    return tick < 5 * NS_PER_MS ? 5 * NS_PER_MS : tick;
}

static int watch(struct http_server *server, int fd, uint32_t id, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = id};
    return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_descriptors(struct http_server *server, struct error *err)
{
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    server->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->epoll_fd < 0 || server->timer_fd < 0 || server->stop_fd < 0 ||
        watch(server, server->listen_fd, EVENT_LISTENER, EPOLLIN | EPOLLET) < 0 ||
        watch(server, server->timer_fd, EVENT_TIMER, EPOLLIN | EPOLLET) < 0 ||
        watch(server, server->stop_fd, EVENT_STOP, EPOLLIN) < 0)
        return error_set_os(err, errno, "cannot watch sockets");
    return 0;
}

static int make_slots(struct http_server *server, struct error *err)
{
    unsigned count = server->options.max_connections;
    server->connections = calloc(count, sizeof *server->connections);
    server->free_slots = calloc(count, sizeof *server->free_slots);
    if (!server->connections || !server->free_slots)
        return error_set(err, ERROR_MEMORY, "no memory for %u connections", count);
    for (unsigned i = 0; i < count; i++)
        server->free_slots[i] = count - 1 - i;
    server->free_len = count;
    return 0;
}

static void init_locks(struct http_server *server)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->wake, &attributes);
    pthread_cond_init(&server->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&server->lock, NULL);
}

static void settle_options(struct http_server_options *options)
{
    if (!options->threads) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        options->threads = cores > 0 ? (unsigned)cores : 1;
    }
    if (options->max_threads < options->threads)
        options->max_threads = options->threads;
}

int http_server_new(
    const struct http_server_options *options, struct http_server **ret_server, struct error *err)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return error_set(err, ERROR_MEMORY, "no memory for a server");
    server->options = *options;
    server->epoll_fd = server->listen_fd = server->timer_fd = server->stop_fd = -1;
    settle_options(&server->options);
    server->tick_ns = tick_of(&server->options);
    /* With one thread nobody could take what it has not come to yet, unless it blocks. */
    server->batch = server->options.threads == 1 ? THREAD_BATCH : 1;
    init_locks(server);
    if (listener_open(server, err) < 0 || open_descriptors(server, err) < 0 ||
        make_slots(server, err) < 0) {
        http_server_free(server);
        return -1;
    }
    *ret_server = server;
    return 0;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

void server_arm_timer(struct http_server *server)
{
    if (atomic_load_explicit(&server->timer_armed, memory_order_relaxed) ||
        atomic_exchange(&server->timer_armed, true))
        return;
    struct itimerspec once = {
        .it_value = {(time_t)(server->tick_ns / NS_PER_S), (long)(server->tick_ns % NS_PER_S)}};
    timerfd_settime(server->timer_fd, 0, &once, NULL);
}

int http_server_run(struct http_server *server, struct error *err)
{
    return threads_run(server, err);
}

bool http_server_busy(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool busy = server->total > 0;
    pthread_mutex_unlock(&server->lock);
    return busy;
}

void http_server_stop(struct http_server *server)
{
    uint64_t one = 1;
    ssize_t n = write(server->stop_fd, &one, sizeof one);
    (void)n; /* only fails when a stop has been asked for already */
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    if (server->connections)
        connections_close_all(server);
    fd_close(&server->listen_fd);
    fd_close(&server->epoll_fd);
    fd_close(&server->timer_fd);
    fd_close(&server->stop_fd);
    pthread_cond_destroy(&server->wake);
    pthread_cond_destroy(&server->ended);
    pthread_mutex_destroy(&server->lock);
    free(server->connections);
    free(server->free_slots);
    free(server->handed);
    free(server);
}
