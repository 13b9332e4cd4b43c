/*
 * A server in a thread of the test, which says what it is told to, hostile things included.
 */
#ifndef SPINDLE_TESTS_REDIS_SERVER_H
#define SPINDLE_TESTS_REDIS_SERVER_H

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"

/* Answers each command of a connection with the next of `answers`, then closes the connection. */
struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
    unsigned connections; /* to be served, one after another */
    const char *const *answers;
    struct buf seen; /* all that clients sent */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned end_count; /* connections that have ended, under the lock */
};

static void serve(struct server *server, int fd)
{
    char bytes[4096];
    for (const char *const *answer = server->answers; *answer; answer++) {
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n <= 0)
            return;
        buf_append(&server->seen, bytes, (size_t)n);
        if (send(fd, *answer, strlen(*answer), MSG_NOSIGNAL) < 0)
            return;
    }
    recv(fd, bytes, sizeof(bytes), 0); /* until the client has closed, or says more than it may */
}

static void *run(void *data)
{
    struct server *server = data;
    for (unsigned i = 0; i < server->connections; i++) {
        int fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            break;
        serve(server, fd);
        close(fd);
        pthread_mutex_lock(&server->lock);
        server->end_count++;
        pthread_cond_signal(&server->ended);
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

static UNUSED void server_start(struct server *s, unsigned connections, const char *const *answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    *s = (struct server){.fd = socket(AF_INET, SOCK_STREAM, 0),
        .connections = connections,
        .answers = answers,
        .seen = BUF_INIT(MIB),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER};
    assert_int_equal(bind(s->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static UNUSED void server_wait_for_end(struct server *server, unsigned count)
{
    pthread_mutex_lock(&server->lock);
    while (server->end_count < count)
        pthread_cond_wait(&server->ended, &server->lock);
    pthread_mutex_unlock(&server->lock);
}

static UNUSED void server_stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
    buf_release(&server->seen);
}

#endif
