/*
 * Connections: who owns one, what it waits for, when it ends. The states are drawn in server_int.h.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server_int.h"

enum {
    REQUESTS_IN_A_ROW = 64, /* of one connection before others get a turn */
    LINGER_BYTES = 4 * 1024 * 1024,
    LINGER_SECONDS = 2,
    DRAIN_MS = 1000,
};

/* What a step of a connection came to. */
enum step {
    STEP_AGAIN, /* there may be more to do at once */
    STEP_WAIT,  /* for the socket */
    STEP_CLOSE,
};

static uint64_t now_coarse_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint32_t slot_of(const struct http_server *server, const struct http_connection *conn)
{
    return (uint32_t)(conn - server->connections);
}

static uint64_t generation_of(uint64_t state)
{
    return state & ~(uint64_t)UINT32_MAX;
}

static struct epoll_event event_of(struct http_connection *conn)
{
    return (struct epoll_event){
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.u64 = generation_of(atomic_load(&conn->state)) | slot_of(conn->server, conn),
    };
}

struct http_connection *connection_open(struct http_server *server)
{
    struct http_connection *conn = NULL;
    pthread_mutex_lock(&server->lock);
    if (server->free_len)
        conn = &server->connections[server->free_slots[--server->free_len]];
    if (conn && slot_of(server, conn) >= atomic_load(&server->slots_used))
        atomic_store(&server->slots_used, slot_of(server, conn) + 1);
    pthread_mutex_unlock(&server->lock);
    if (!conn)
        return NULL;
    conn->server = server;
    conn->fd = -1;
    conn->phase = conn->timed_phase = PHASE_IDLE;
    conn->close_after = conn->linger = conn->input_drained = false;
    conn->linger_bytes = 0;
    conn->queue = BUF_INIT(SIZE_MAX / 2);
    conn->queue_sent = conn->held = 0;
    return conn;
}

/* From here on no event reaches what the slot was. */
static void slot_free(struct http_connection *conn)
{
    struct http_server *server = conn->server;
    atomic_store(&conn->deadline, NEVER);
    atomic_store(&conn->state, generation_of(atomic_load(&conn->state)) + ((uint64_t)1 << 32));
    pthread_mutex_lock(&server->lock);
    server->free_slots[server->free_len++] = slot_of(server, conn);
    pthread_mutex_unlock(&server->lock);
}

void connection_cancel(struct http_connection *conn)
{
    slot_free(conn);
}

/*
 * Counts what the connection keeps while it waits for its client. False when that is more than
 * there is for all: many clients that send or read slowly must not take the memory.
 */
static bool account(struct http_connection *conn)
{
    struct http_server *server = conn->server;
    size_t now = conn->queue.cap + (conn->request ? conn->request->cap : 0);
    if (now == conn->held)
        return true;
    size_t added = now - conn->held; /* may wrap: it is added again below */
    conn->held = now;
    size_t total = atomic_fetch_add(&server->held_bytes, added) + added;
    return !now || total <= server->options.max_held_bytes;
}

static void connection_close(struct http_thread *thread, struct http_connection *conn)
{
    struct http_server *server = conn->server;
    close(conn->fd);
    conn->fd = -1;
    if (conn->request)
        thread_give_request(thread, conn->request);
    conn->request = NULL;
    buf_release(&conn->queue);
    account(conn);
    slot_free(conn);
    if (atomic_load_explicit(&server->accept_stalled, memory_order_relaxed) &&
        !atomic_load(&server->stopping))
        listener_accept(server);
}

void connection_start(struct http_connection *conn)
{
    struct http_server *server = conn->server;
    deadline_t limit = server->options.idle_ns;
    atomic_store(&conn->deadline, limit == NEVER ? NEVER : now_coarse_ns() + limit);
    struct epoll_event event = event_of(conn);
    server_arm_timer(server);
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) < 0) {
        close(conn->fd);
        slot_free(conn);
    }
}

static deadline_t limit_of(const struct http_connection *conn)
{
    const struct http_server_options *options = &conn->server->options;
    switch (conn->phase) {
    case PHASE_IDLE:
        return options->idle_ns;
    case PHASE_HEAD:
    case PHASE_AHEAD:
        return options->read_ns;
    case PHASE_FLUSH:
        return options->write_ns;
    case PHASE_LINGER:
        return LINGER_SECONDS * NS_PER_S;
    case PHASE_RUN:
        break;
    }
    return NEVER;
}

/* A head must arrive whole within its time; elsewhere progress begins it anew. */
static void set_deadline(struct http_connection *conn)
{
    if (conn->phase == conn->timed_phase &&
        (conn->phase == PHASE_HEAD || conn->phase == PHASE_LINGER))
        return;
    conn->timed_phase = conn->phase;
    deadline_t limit = limit_of(conn);
    deadline_t at = limit == NEVER ? NEVER : now_coarse_ns() + limit;
    atomic_store_explicit(&conn->deadline, at, memory_order_relaxed);
}

static bool peer_has_ended(struct http_connection *conn)
{
    uint64_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);
    return state & (CONNECTION_ENDED | CONNECTION_HANGUP);
}

/* Reads once into the request's buffer. */
static enum step read_more(struct http_connection *conn)
{
    if (conn->input_drained && !peer_has_ended(conn))
        return STEP_WAIT;
    size_t room;
    char *at = request_room(conn->request, &room);
    if (!at)
        return STEP_CLOSE;
    ssize_t n = recv(conn->fd, at, room, 0);
    if (n < 0) {
        if (errno == EINTR)
            return STEP_AGAIN;
        conn->input_drained = true;
        return errno == EAGAIN ? STEP_WAIT : STEP_CLOSE;
    }
    if (n == 0)
        return STEP_CLOSE;
    conn->request->len += (size_t)n;
    conn->input_drained = (size_t)n < room;
    return STEP_AGAIN;
}

static void send_continue(struct http_connection *conn)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    conn->request->expects_continue = false;
    /* Too small for a socket to which nothing was sent yet to take a part of it. */
    if (send(conn->fd, line, sizeof line - 1, MSG_NOSIGNAL) < 0)
        conn->close_after = true;
}

static enum step close_or_linger(struct http_connection *conn)
{
    if (!conn->linger)
        return STEP_CLOSE;
    shutdown(conn->fd, SHUT_WR);
    conn->phase = PHASE_LINGER;
    return STEP_AGAIN;
}

/* After a response whose last byte has been given to the socket. */
static enum step next_request(struct http_thread *thread, struct http_connection *conn)
{
    conn->phase = conn->timed_phase = PHASE_IDLE;
    if (request_next(conn->request)) {
        request_begin(conn->request);
        return STEP_AGAIN;
    }
    thread_give_request(thread, conn->request);
    conn->request = NULL;
    return STEP_AGAIN;
}

static enum step after_response(struct http_thread *thread, struct http_connection *conn)
{
    struct http_request *r = conn->request;
    if (r->cut)
        return STEP_CLOSE;
    conn->close_after = r->close || !r->body_done;
    /* Bytes that nobody will read: closing now would reset the connection under the response. */
    conn->linger = conn->close_after && (!r->body_done || r->next < r->len);
    if (response_unsent(r)) {
        if (!response_detach(r, conn))
            return STEP_CLOSE;
        conn->phase = PHASE_FLUSH;
        return STEP_AGAIN;
    }
    return conn->close_after ? close_or_linger(conn) : next_request(thread, conn);
}

static enum step step_input(struct http_thread *thread, struct http_connection *conn)
{
    if (!conn->request) {
        conn->request = thread_take_request(thread);
        if (!conn->request)
            return STEP_CLOSE;
        request_begin(conn->request);
    }
    struct http_request *r = conn->request;
    if (r->parsed >= r->len) {
        enum step read = read_more(conn);
        if (read != STEP_AGAIN || r->parsed >= r->len)
            return read;
    }
    switch (request_advance(r)) {
    case REQUEST_MORE:
        conn->phase = r->head_done ? PHASE_AHEAD : PHASE_HEAD;
        if (r->expects_continue)
            send_continue(conn);
        return conn->close_after ? STEP_CLOSE : STEP_AGAIN;
    case REQUEST_READY:
        conn->phase = PHASE_RUN;
        exchange_run(thread, conn);
        return after_response(thread, conn);
    case REQUEST_REFUSE:
        break;
    }
    exchange_refuse(thread, conn, r->status);
    return after_response(thread, conn);
}

static enum step step_flush(struct http_thread *thread, struct http_connection *conn)
{
    while (conn->queue_sent < conn->queue.len) {
        ssize_t n = send(conn->fd, conn->queue.data + conn->queue_sent,
            conn->queue.len - conn->queue_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? STEP_WAIT : STEP_CLOSE;
        conn->queue_sent += (size_t)n;
    }
    buf_release(&conn->queue);
    conn->queue_sent = 0;
    return conn->close_after ? close_or_linger(conn) : next_request(thread, conn);
}

static enum step step_linger(struct http_connection *conn)
{
    char waste[16 * 1024];
    ssize_t n = recv(conn->fd, waste, sizeof waste, 0);
    if (n < 0 && errno == EINTR)
        return STEP_AGAIN;
    if (n < 0 && errno == EAGAIN)
        return STEP_WAIT;
    if (n <= 0)
        return STEP_CLOSE;
    conn->linger_bytes += (uint32_t)n;
    return conn->linger_bytes > LINGER_BYTES ? STEP_CLOSE : STEP_AGAIN;
}

static enum step step(struct http_thread *thread, struct http_connection *conn)
{
    switch (conn->phase) {
    case PHASE_IDLE:
    case PHASE_HEAD:
    case PHASE_AHEAD:
        return step_input(thread, conn);
    case PHASE_FLUSH:
        return step_flush(thread, conn);
    case PHASE_LINGER:
        return step_linger(conn);
    case PHASE_RUN:
        break;
    }
    BUG("a connection that runs has been stepped");
}

/* A request that holds nothing need not be kept while the connection waits. */
static bool put_down(struct http_thread *thread, struct http_connection *conn)
{
    if (conn->phase == PHASE_IDLE && conn->request && conn->request->len == 0) {
        thread_give_request(thread, conn->request);
        conn->request = NULL;
    }
    set_deadline(conn);
    return account(conn);
}

/* Lets go. False when an event has come meanwhile: the connection is still owned. */
static bool let_go(struct http_connection *conn)
{
    uint64_t state = atomic_load(&conn->state);
    do {
        if (state & CONNECTION_PENDING) {
            atomic_fetch_and(&conn->state, ~(uint64_t)CONNECTION_PENDING);
            conn->input_drained = false;
            return false;
        }
    } while (
        !atomic_compare_exchange_weak(&conn->state, &state, state & ~(uint64_t)CONNECTION_OWNED));
    return true;
}

static void connection_run(struct http_thread *thread, struct http_connection *conn)
{
    conn->input_drained = false;
    for (unsigned turns = 0;; turns++) {
        enum step done = step(thread, conn);
        if (done == STEP_CLOSE || (done == STEP_WAIT && !put_down(thread, conn))) {
            connection_close(thread, conn);
            return;
        }
        if (done == STEP_WAIT) {
            if (let_go(conn))
                return;
        } else if (turns >= REQUESTS_IN_A_ROW) {
            /* Another event for it goes behind what waits; PENDING is looked at then. */
            struct epoll_event event = event_of(conn);
            set_deadline(conn);
            atomic_fetch_and(&conn->state, ~(uint64_t)CONNECTION_OWNED);
            threads_hand_over(conn->server, &event, 1);
            return;
        }
    }
}

/* Notes what the event says and takes the connection if nobody has it. */
static bool take(struct http_connection *conn, struct epoll_event event)
{
    uint64_t mine = generation_of(event.data.u64);
    uint64_t state = atomic_load(&conn->state), next;
    do {
        if (generation_of(state) != mine)
            return false;
        next = state | (state & CONNECTION_OWNED ? CONNECTION_PENDING : CONNECTION_OWNED);
        if (event.events & EPOLLRDHUP)
            next |= CONNECTION_ENDED;
        if (event.events & (EPOLLHUP | EPOLLERR))
            next |= CONNECTION_HANGUP;
    } while (!atomic_compare_exchange_weak(&conn->state, &state, next));
    return !(state & CONNECTION_OWNED);
}

void connection_event(struct http_thread *thread, struct epoll_event event)
{
    struct http_connection *conn = &thread->server->connections[(uint32_t)event.data.u64];
    if (take(conn, event))
        connection_run(thread, conn);
}

static void time_is_over(struct http_thread *thread, struct http_connection *conn)
{
    enum step done = STEP_CLOSE;
    if (conn->phase == PHASE_HEAD || conn->phase == PHASE_AHEAD) {
        exchange_refuse(thread, conn, 408);
        done = after_response(thread, conn);
    }
    if (done == STEP_CLOSE)
        connection_close(thread, conn);
    else
        connection_run(thread, conn);
}

/* Takes a connection whose time seems to be over and that nobody has. */
static bool take_late(struct http_connection *conn, uint64_t now)
{
    uint64_t state = atomic_load(&conn->state);
    return atomic_load_explicit(&conn->deadline, memory_order_relaxed) <= now &&
           !(state & CONNECTION_OWNED) &&
           atomic_compare_exchange_strong(&conn->state, &state, state | CONNECTION_OWNED);
}

void connections_sweep(struct http_thread *thread)
{
    struct http_server *server = thread->server;
    uint64_t ticks;
    if (read(server->timer_fd, &ticks, sizeof ticks) < 0)
        return;
    atomic_store(&server->timer_armed, false);
    uint64_t now = now_coarse_ns();
    bool any = false;
    unsigned used = atomic_load(&server->slots_used);
    for (unsigned i = 0; i < used; i++) {
        struct http_connection *conn = &server->connections[i];
        any = any || atomic_load_explicit(&conn->deadline, memory_order_relaxed) != NEVER;
        if (!take_late(conn, now))
            continue;
        if (atomic_load(&conn->deadline) <= now)
            time_is_over(thread, conn);
        else
            connection_run(thread, conn);
    }
    if (atomic_load(&server->accept_stalled))
        listener_accept(server);
    if (any)
        server_arm_timer(server);
}

enum http_io connection_wait(struct http_connection *conn, short events, deadline_t limit_ns)
{
    struct http_server *server = conn->server;
    if (atomic_fetch_add(&server->streams, 1) >= server->options.max_streams) {
        atomic_fetch_sub(&server->streams, 1);
        return HTTP_IO_TIMEOUT;
    }
    struct pollfd wait = {.fd = conn->fd, .events = events};
    int ms = limit_ns == NEVER ? -1 : (int)(limit_ns / NS_PER_MS);
    http_thread_blocks();
    int n;
    do {
        n = poll(&wait, 1, ms);
    } while (n < 0 && errno == EINTR);
    http_thread_resumes();
    atomic_fetch_sub(&server->streams, 1);
    if (n == 0)
        return HTTP_IO_TIMEOUT;
    return n < 0 || (wait.revents & (POLLERR | POLLNVAL)) ? HTTP_IO_CLOSED : HTTP_IO_OK;
}

/* What a stop left queued gets a moment to leave. */
static void drain(struct http_connection *conn)
{
    struct pollfd wait = {.fd = conn->fd, .events = POLLOUT};
    while (conn->queue_sent < conn->queue.len && poll(&wait, 1, DRAIN_MS) > 0) {
        ssize_t n = send(conn->fd, conn->queue.data + conn->queue_sent,
            conn->queue.len - conn->queue_sent, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        conn->queue_sent += (size_t)n;
    }
}

void connections_close_all(struct http_server *server)
{
    for (unsigned i = 0; i < atomic_load(&server->slots_used); i++) {
        struct http_connection *conn = &server->connections[i];
        if (conn->fd < 0)
            continue;
        drain(conn);
        close(conn->fd);
        conn->fd = -1;
        request_free(conn->request);
        buf_release(&conn->queue);
    }
}
