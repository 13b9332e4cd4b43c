/*
 * The threads: as many run as there are cores; one that will wait in a host call is replaced, by
 * one that is parked or by a new one.
 *
 *     active  = waiting for events or working      <= options.threads, but for those just resumed
 *     blocked = between http_thread_blocks and http_thread_resumes
 *     parked  = too many; sleep until called, and end after a while
 *     total   = active + blocked + parked          <= options.max_threads
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/server_int.h"

_Thread_local struct http_thread *http_current_thread;

enum { STACK_BYTES = 8 * 1024 * 1024, PARKED_SECONDS = 10 };

/* Time from now on CLOCK_MONOTONIC, which the condition variable counts in. */
static struct timespec from_now(uint64_t ns)
{
    return clock_timespec(clock_monotonic_ns() + ns);
}

static bool has_too_many(struct http_server *server)
{
    return server->active > server->options.threads;
}

/* Sleeps until needed. False when the thread shall end. Called with the lock. */
static bool park(struct http_server *server)
{
    struct timespec until = from_now(PARKED_SECONDS * NS_PER_S);
    server->active--;
    server->parked++;
    int waited = 0;
    while (!server->tickets && !atomic_load(&server->stopping) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&server->wake, &server->lock, &until);
    if (server->tickets) { /* whoever called has counted this thread as active */
        server->tickets--;
        return true;
    }
    server->parked--;
    return false;
}

/* At the top of the loop: false when the thread shall end. */
static bool may_go_on(struct http_server *server)
{
    if (atomic_load(&server->stopping)) {
        pthread_mutex_lock(&server->lock);
        server->active--;
        pthread_mutex_unlock(&server->lock);
        return false;
    }
    bool go_on = true;
    pthread_mutex_lock(&server->lock);
    if (has_too_many(server))
        go_on = park(server);
    pthread_mutex_unlock(&server->lock);
    return go_on;
}

static int take_handed(struct http_thread *thread)
{
    struct http_server *server = thread->server;
    if (!atomic_load_explicit(&server->handed_len, memory_order_relaxed))
        return 0;
    pthread_mutex_lock(&server->lock);
    unsigned len = atomic_load(&server->handed_len);
    unsigned take = len < (unsigned)server->batch ? len : (unsigned)server->batch;
    memcpy(thread->events, server->handed, take * sizeof *server->handed);
    memmove(server->handed, server->handed + take, (len - take) * sizeof *server->handed);
    atomic_store(&server->handed_len, len - take);
    pthread_mutex_unlock(&server->lock);
    return (int)take;
}

static void work(struct http_thread *thread)
{
    while (thread->event_next < thread->event_count) {
        struct epoll_event event = thread->events[thread->event_next++];
        switch ((uint32_t)event.data.u64) {
        case EVENT_LISTENER:
            listener_accept(thread->server);
            break;
        case EVENT_TIMER:
            connections_sweep(thread);
            break;
        case EVENT_STOP:
            atomic_store(&thread->server->stopping, true);
            break;
        default:
            connection_event(thread, event);
        }
    }
}

static void thread_loop(struct http_thread *thread)
{
    struct http_server *server = thread->server;
    bool check = false;
    for (;;) {
        if ((check || atomic_load_explicit(&server->stopping, memory_order_relaxed)) &&
            !may_go_on(server))
            return;
        thread->event_next = 0;
        thread->event_count = take_handed(thread);
        work(thread);
        int wait = atomic_load_explicit(&server->handed_len, memory_order_relaxed) ? 0 : -1;
        int n = epoll_wait(server->epoll_fd, thread->events, server->batch, wait);
        thread->event_next = 0;
        thread->event_count = n > 0 ? n : 0;
        work(thread);
        check = thread->was_blocked;
        thread->was_blocked = false;
    }
}

static void *thread_main(void *argument)
{
    struct http_thread thread = {.server = argument};
    struct http_server *server = argument;
    struct error err = ERROR_INIT;
    http_current_thread = &thread;
    bool started = !server->options.thread_start ||
                   server->options.thread_start(server->options.data, &err) == 0;
    if (started) {
        thread_loop(&thread);
    } else {
        fprintf(stderr, "Warning: cannot start a thread: %s\n", error_message(&err));
        error_release(&err);
        pthread_mutex_lock(&server->lock);
        server->active--;
        pthread_mutex_unlock(&server->lock);
    }
    request_free(thread.spare);
    if (started && server->options.thread_end)
        server->options.thread_end(server->options.data);
    http_current_thread = NULL;
    pthread_mutex_lock(&server->lock);
    server->total--;
    pthread_cond_signal(&server->ended);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* Called with the lock. Returns an errno value. */
static int start_thread(struct http_server *server)
{
    pthread_attr_t attributes;
    pthread_t id;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES + LIMIT_STACK_GUARD);
    pthread_attr_setguardsize(&attributes, LIMIT_STACK_GUARD);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    server->total++;
    server->active++;
    int problem = pthread_create(&id, &attributes, thread_main, server);
    pthread_attr_destroy(&attributes);
    if (problem) {
        server->total--;
        server->active--;
    }
    return problem;
}

/* Called with the lock, when fewer threads are active than should be. */
static void call_another(struct http_server *server)
{
    if (server->parked) {
        server->parked--;
        server->active++;
        server->tickets++;
        pthread_cond_signal(&server->wake);
    } else if (server->total < server->options.max_threads) {
        start_thread(server);
    }
}

void http_thread_blocks(void)
{
    struct http_thread *thread = http_current_thread;
    if (!thread)
        return;
    struct http_server *server = thread->server;
    threads_hand_over(
        server, thread->events + thread->event_next, thread->event_count - thread->event_next);
    thread->event_next = thread->event_count;
    thread->was_blocked = true;
    pthread_mutex_lock(&server->lock);
    server->active--;
    if (server->active < server->options.threads && !atomic_load(&server->stopping))
        call_another(server);
    pthread_mutex_unlock(&server->lock);
}

void http_thread_resumes(void)
{
    struct http_thread *thread = http_current_thread;
    if (!thread)
        return;
    pthread_mutex_lock(&thread->server->lock);
    thread->server->active++;
    pthread_mutex_unlock(&thread->server->lock);
}

void threads_hand_over(struct http_server *server, const struct epoll_event *events, int count)
{
    if (count <= 0)
        return;
    pthread_mutex_lock(&server->lock);
    unsigned len = atomic_load(&server->handed_len);
    /* A connection is in the list once at most, or twice when an event came after it was put off.
     */
    unsigned need = len + (unsigned)count;
    if (need > server->handed_cap) {
        struct epoll_event *larger = realloc(server->handed, (size_t)need * 2 * sizeof *larger);
        BUG_IF(!larger);
        server->handed = larger;
        server->handed_cap = need * 2;
    }
    memcpy(server->handed + len, events, (size_t)count * sizeof *events);
    atomic_store(&server->handed_len, need);
    pthread_mutex_unlock(&server->lock);
}

struct http_request *thread_take_request(struct http_thread *thread)
{
    struct http_request *r = thread->spare;
    if (!r)
        return request_new(&thread->server->options);
    thread->spare = NULL;
    return r;
}

void thread_give_request(struct http_thread *thread, struct http_request *request)
{
    if (thread->spare) {
        request_free(request);
        return;
    }
    request_shrink(request);
    thread->spare = request;
}

static void wait_for_stop(struct http_server *server)
{
    struct pollfd stop = {.fd = server->stop_fd, .events = POLLIN};
    while (poll(&stop, 1, -1) < 0 && errno == EINTR)
        ;
}

int threads_run(struct http_server *server, struct error *err)
{
    int problem = 0;
    pthread_mutex_lock(&server->lock);
    for (unsigned i = 0; i < server->options.threads && !problem; i++)
        problem = start_thread(server);
    bool none = server->total == 0;
    pthread_mutex_unlock(&server->lock);
    if (none)
        return error_set_os(err, problem, "cannot start a thread");
    wait_for_stop(server);
    struct timespec until = from_now(server->options.drain_ns);
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->stopping, true);
    pthread_cond_broadcast(&server->wake);
    int waited = 0;
    while (server->total && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&server->ended, &server->lock, &until);
    pthread_mutex_unlock(&server->lock);
    return 0;
}
