/*
 * The listening socket: where to bind, and accepting.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "http/server_int.h"

enum { BACKLOG = 4096, HOST_MAX = 256 };

/* "host:port" or "[host]:port" into its parts. */
static bool split_address(const char *text, char host[HOST_MAX], const char **ret_port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !colon[1])
        return false;
    const char *start = text, *end = colon;
    if (*start == '[') {
        start++;
        end--;
        if (end <= start || *end != ']')
            return false;
    }
    size_t len = (size_t)(end - start);
    if (len >= HOST_MAX)
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    uint64_t port;
    if (!str_to_u64(str_of(colon + 1), &port) || port > 65535)
        return false;
    *ret_port = colon + 1;
    return true;
}

static int bind_one(const struct addrinfo *info)
{
    int one = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    /* Accepted sockets inherit this: a response is one write, there is nothing to collect. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Of what a name stands for IPv4 comes first, so that "localhost" is 127.0.0.1. */
static int bind_any(const struct addrinfo *list)
{
    errno = EADDRNOTAVAIL;
    for (int pass = 0; pass < 2; pass++)
        for (const struct addrinfo *info = list; info; info = info->ai_next) {
            if ((info->ai_family == AF_INET) != (pass == 0))
                continue;
            int fd = bind_one(info);
            if (fd >= 0 || errno == EADDRINUSE)
                return fd;
        }
    return -1;
}

static size_t format_address(const struct sockaddr *address, socklen_t len, char *out, size_t size)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getnameinfo(address, len, host, sizeof host, port, sizeof port,
            NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return 0;
    bool v6 = address->sa_family == AF_INET6;
    int n = snprintf(out, size, v6 ? "[%s]:%s" : "%s:%s", host, port);
    return n < 0 || (size_t)n >= size ? 0 : (size_t)n;
}

int listener_open(struct http_server *server, struct error *err)
{
    const char *listen_on = server->options.listen, *port;
    char host[HOST_MAX];
    if (!split_address(listen_on, host, &port))
        return error_set(err, ERROR_USAGE,
            "'%s' is not an address to listen on; write HOST:PORT, as in 127.0.0.1:3000",
            listen_on);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    int problem = getaddrinfo(host, port, &hints, &list);
    if (problem)
        return error_set(err, ERROR_NOT_FOUND, "cannot find '%s': %s", host, gai_strerror(problem));
    int fd = bind_any(list), saved = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return error_set_os(err, saved, "cannot listen on %s", listen_on);
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &len);
    format_address((struct sockaddr *)&bound, len, server->address, sizeof server->address);
    server->listen_fd = fd;
    return 0;
}

/* Accepts into the slot. Returns false with errno when there is nothing to accept. */
static bool accept_into(struct http_connection *conn)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    do {
        conn->fd = accept4(conn->server->listen_fd, (struct sockaddr *)&address, &len,
            SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (conn->fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EPROTO));
    if (conn->fd < 0)
        return false;
    conn->address_len = (uint8_t)format_address(
        (struct sockaddr *)&address, len, conn->address, sizeof conn->address);
    return true;
}

void listener_accept(struct http_server *server)
{
    atomic_store(&server->accept_stalled, false);
    for (;;) {
        struct http_connection *conn = connection_open(server);
        if (conn && accept_into(conn)) {
            connection_start(conn);
            continue;
        }
        bool drained = conn && errno == EAGAIN;
        if (conn)
            connection_cancel(conn);
        if (drained)
            return;
        /* Out of slots, descriptors or memory: go on when a connection has ended. */
        atomic_store(&server->accept_stalled, true);
        server_arm_timer(server);
        return;
    }
}
