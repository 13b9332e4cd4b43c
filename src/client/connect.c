#include "client/connect.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static int look_up(const char *host, const char *port, int flags, struct addrinfo **ret_list)
{
    struct addrinfo hints = {
        .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags, .ai_family = AF_UNSPEC};
    return getaddrinfo(host, port, &hints, ret_list);
}

/* Literal addresses without a wait, names with one: the resolver may ask the network. */
static int resolve(const char *host, const char *port, const struct client_wait *wait,
    struct addrinfo **ret_list, struct error *err)
{
    if (look_up(host, port, AI_NUMERICHOST, ret_list) == 0)
        return 0;
    if (wait->blocks)
        wait->blocks(wait->data);
    int failure = look_up(host, port, AI_ADDRCONFIG, ret_list);
    if (wait->resumes)
        wait->resumes(wait->data);
    if (failure)
        return error_set(err, ERROR_NOT_FOUND, "'%s' cannot be found: %s", host,
            failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
    return 0;
}

static int finish(int fd, const struct client_wait *wait, deadline_t until, struct error *err)
{
    if (!client_wait_fd(wait, fd, POLLOUT, until))
        return error_set(err, ERROR_TIMEOUT, "it does not answer");
    int failure = 0;
    socklen_t len = sizeof(failure);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
        failure = errno;
    return failure ? error_set_os(err, failure, "refused") : 0;
}

static int connect_one(const struct addrinfo *address, const struct client_wait *wait,
    deadline_t until, int *ret_fd, struct error *err)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set_os(err, errno, "no socket");
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    int result = 0;
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
        result = errno == EINPROGRESS ? finish(fd, wait, until, err)
                                      : error_set_os(err, errno, "refused");
    if (result < 0) {
        close(fd);
        return -1;
    }
    *ret_fd = fd;
    return 0;
}

static bool is_blocked(const struct client_blocked *blocked, const struct addrinfo *address)
{
    struct client_ip ip;
    return !client_ip_of_socket(address->ai_addr, &ip) || client_is_blocked(blocked, &ip);
}

int client_connect(struct str host, uint16_t port, const struct client_blocked *blocked,
    uint64_t timeout_ns, const struct client_wait *wait, int *ret_fd, struct error *err)
{
    char name[256], service[8];
    if (host.len >= sizeof(name) || memchr(host.ptr, 0, host.len))
        return error_set(err, ERROR_NOT_FOUND, "the host's name is not one");
    snprintf(name, sizeof(name), "%" STR_FMT, STR_ARG(host));
    snprintf(service, sizeof(service), "%u", port);
    struct addrinfo *list CLEANUP(free_addresses) = NULL;
    if (resolve(name, service, wait, &list, err) < 0)
        return -1;
    struct error last = ERROR_INIT;
    for (const struct addrinfo *address = list; address; address = address->ai_next) {
        if (is_blocked(blocked, address))
            continue;
        error_release(&last);
        deadline_t until = clock_monotonic_ns() + timeout_ns;
        if (connect_one(address, wait, until, ret_fd, &last) == 0)
            return 0;
    }
    *err = last;
    if (!err->count)
        return error_set(err, ERROR_DENIED,
            "'%s' is in a blocked network (block_networks of the runtime configuration)", name);
    return error_wrap(err, "cannot connect to '%s:%s'", name, service);
}
