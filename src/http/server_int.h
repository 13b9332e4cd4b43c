/*
 * What the files of src/http share: the server, its threads and connections.
 *
 * A connection's phases, and who looks at it in each:
 *
 *     accept ─> IDLE ──bytes──> HEAD ──head──> AHEAD ──body here, or too large to wait for──> RUN
 *                 ^                                                                            │
 *                 ├────────────── all sent, next request ────── FLUSH <──── some unsent ───────┤
 *                 └────────────── all sent, next request ──────────────────────────────────────┘
 *     any ──error answered──> FLUSH ──> LINGER ──end or time──> closed
 *
 * IDLE, HEAD, AHEAD, FLUSH and LINGER wait for the socket without a thread; a time limit belongs to
 * each, which the sweep enforces. RUN belongs to the thread that runs the handler.
 *
 * Ownership. Sockets are in the epoll set edge-triggered, once, so that a request costs no
 * epoll_ctl. Thus an event may arrive while another thread works on the connection. `state` decides
 * with one atomic: whoever sets OWNED has the connection; an event that finds it owned leaves
 * PENDING (and HANGUP), which the owner sees before it lets go. Connections are slots of an array
 * that lives as long as the server, and the generation in `state` and in the epoll data makes an
 * event of an earlier connection harmless.
 */
#ifndef SPINDLE_HTTP_SERVER_INT_H
#define SPINDLE_HTTP_SERVER_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "http/date.h"
#include "http/request.h"
#include "http/server.h"

/* Low half of http_connection.state; the high half is the generation. */
enum connection_flags {
    CONNECTION_OWNED = 1,
    CONNECTION_PENDING = 2, /* an event came while owned */
    CONNECTION_HANGUP = 4,  /* the peer has reset the connection */
    CONNECTION_ENDED = 8,   /* the peer sends no more: read to the end */
};

enum connection_phase {
    PHASE_IDLE,
    PHASE_HEAD,
    PHASE_AHEAD,
    PHASE_RUN,
    PHASE_FLUSH,
    PHASE_LINGER,
};

struct http_connection {
    _Atomic uint64_t state;
    _Atomic deadline_t deadline; /* of the phase; the sweep acts on it */
    struct http_server *server;
    int fd;
    enum connection_phase phase, timed_phase; /* timed: the one that `deadline` is for */
    bool close_after;                         /* FLUSH ends in closing */
    bool linger;                              /* closing reads away what the peer still sends */
    bool input_drained;                       /* the last read took all there was */
    uint32_t linger_bytes;                    /* read away so far */
    struct http_request *request; /* being read or answered, or a partial one; NULL when idle */
    struct buf queue;             /* of a finished response, [queue_sent, len) unsent */
    size_t queue_sent;
    size_t held;      /* bytes of request and queue as counted in server->held_bytes */
    char address[56]; /* the peer's "127.0.0.1:40312" */
    uint8_t address_len;
};

enum {
    THREAD_BATCH = 32,
    /* Values of the low half of epoll_event.data.u64 that are no slot. */
    EVENT_LISTENER = 0x7fffffff,
    EVENT_TIMER = 0x7ffffffe,
    EVENT_STOP = 0x7ffffffd,
};

struct http_thread {
    struct http_server *server;
    struct http_request *spare; /* so that a request needs no allocation */
    struct http_date date;
    struct epoll_event events[THREAD_BATCH]; /* [event_next, event_count) not yet looked at */
    int event_next, event_count;
    bool was_blocked; /* so there may be too many threads now */
};

struct http_server {
    struct http_server_options options;
    int epoll_fd, listen_fd, timer_fd, stop_fd;
    char address[64];
    struct http_connection *connections; /* options.max_connections slots */
    deadline_t tick_ns;                  /* between sweeps */
    int batch;                           /* events that a thread takes at once */

    _Atomic bool stopping;
    _Atomic bool accept_stalled; /* connections may wait to be accepted: retry after a close */
    _Atomic bool timer_armed;
    _Atomic unsigned slots_used; /* the first so many have been used */
    _Atomic size_t held_bytes;   /* of connections that wait: at most options.max_held_bytes */
    _Atomic unsigned streams;    /* exchanges that wait for their client */
    _Atomic unsigned handed_len; /* as below, to look at without the lock */

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t wake;  /* parked threads: one for a ticket, all for the end */
    pthread_cond_t ended; /* a thread */
    unsigned total;       /* threads that exist */
    unsigned active;      /* of these, neither parked nor blocked in a host call */
    unsigned parked;
    unsigned tickets; /* parked threads that have been called back but do not run yet */
    uint32_t *free_slots;
    unsigned free_len;
    struct epoll_event *handed; /* events that their thread had no time for */
    unsigned handed_cap;
};

/* listen.c */
int listener_open(struct http_server *server, struct error *err);
void listener_accept(struct http_server *server);
/* Makes the sweep run from now on. */
void server_arm_timer(struct http_server *server);

/* threads.c */
extern _Thread_local struct http_thread *http_current_thread;
int threads_run(struct http_server *server, struct error *err);
/* Lets any thread take the event up; for work that the calling thread puts off. */
void threads_hand_over(struct http_server *server, const struct epoll_event *events, int count);
struct http_request *thread_take_request(struct http_thread *thread);
void thread_give_request(struct http_thread *thread, struct http_request *request);

/* connection.c */
/* Takes a free slot; NULL when max_connections are open. */
struct http_connection *connection_open(struct http_server *server);
/* Gives back a slot that was not started. */
void connection_cancel(struct http_connection *conn);
/* Puts it into the epoll set; from here on any thread may have it. */
void connection_start(struct http_connection *conn);
void connection_event(struct http_thread *thread, struct epoll_event event);
/* Enforces time limits; on the timer's event. */
void connections_sweep(struct http_thread *thread);
/* At the server's end, when no thread is left: sends what is queued and closes. */
void connections_close_all(struct http_server *server);

/* Waits for the socket; the calling thread is replaced meanwhile. */
enum http_io connection_wait(struct http_connection *conn, short events, deadline_t limit_ns);

/* exchange.c */
/*
 * Runs the handler on conn->request, whose head, and body as far as it is waited for, is here.
 * Afterwards the exchange has ended, and what could not be sent yet is in the request's buffers.
 */
void exchange_run(struct http_thread *thread, struct http_connection *conn);
/* A whole response of the server's own to conn->request, with an empty body, that ends the
 * connection. */
void exchange_refuse(struct http_thread *thread, struct http_connection *conn, unsigned status);

enum http_io exchange_read_body(struct http_exchange *x, size_t max, struct str *ret_bytes);
bool exchange_body_ready(struct http_exchange *x);

/* response.c */
void response_reject(struct http_exchange *x, unsigned status);
void response_begin(
    struct http_request *r, struct http_thread *thread, struct http_connection *conn);
/* Sends what is buffered as far as the socket takes it. False when the connection is broken. */
bool response_push(struct http_request *r);
size_t response_unsent(const struct http_request *r);
/* Moves what is unsent to the connection's queue. False when memory is short. */
bool response_detach(struct http_request *r, struct http_connection *conn);
extern const struct http_exchange_ops http_exchange_ops;

#endif
