/*
 * Sockets, as a host answers that grants none: none can be made and no name is found. So nothing of
 * wasi:sockets is imported, and the modules of Python that need `socket` can still be imported.
 */
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>

/* <netdb.h> may make it a macro. */
#undef h_errno
_Thread_local int h_errno;

/* No descriptor is a socket. */
static int not_a_socket(void)
{
    errno = ENOTSOCK;
    return -1;
}

int socket(int domain, int type, int protocol)
{
    (void)domain, (void)type, (void)protocol;
    errno = EACCES;
    return -1;
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)fd, (void)address, (void)len;
    return not_a_socket();
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    (void)fd, (void)address, (void)len;
    return not_a_socket();
}

int listen(int fd, int backlog)
{
    (void)fd, (void)backlog;
    return not_a_socket();
}

int accept(int fd, struct sockaddr *address, socklen_t *len)
{
    (void)fd, (void)address, (void)len;
    return not_a_socket();
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    (void)fd, (void)address, (void)len, (void)flags;
    return not_a_socket();
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    (void)fd, (void)address, (void)len;
    return not_a_socket();
}

int getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    (void)fd, (void)address, (void)len;
    return not_a_socket();
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    (void)fd, (void)level, (void)name, (void)value, (void)len;
    return not_a_socket();
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)fd, (void)level, (void)name, (void)value, (void)len;
    return not_a_socket();
}

ssize_t recv(int fd, void *buffer, size_t len, int flags)
{
    (void)fd, (void)buffer, (void)len, (void)flags;
    return not_a_socket();
}

ssize_t recvfrom(
    int fd, void *buffer, size_t len, int flags, struct sockaddr *address, socklen_t *address_len)
{
    (void)fd, (void)buffer, (void)len, (void)flags, (void)address, (void)address_len;
    return not_a_socket();
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    (void)fd, (void)data, (void)len, (void)flags;
    return not_a_socket();
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *address,
    socklen_t address_len)
{
    (void)fd, (void)data, (void)len, (void)flags, (void)address, (void)address_len;
    return not_a_socket();
}

int shutdown(int fd, int how)
{
    (void)fd, (void)how;
    return not_a_socket();
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **ret_addresses)
{
    (void)host, (void)service, (void)hints, (void)ret_addresses;
    return EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *addresses)
{
    (void)addresses;
}

struct hostent *gethostbyname(const char *name)
{
    (void)name;
    return NULL;
}

struct hostent *gethostbyaddr(const void *address, socklen_t len, int type)
{
    (void)address, (void)len, (void)type;
    return NULL;
}

int getnameinfo(const struct sockaddr *address, socklen_t len, char *host, socklen_t host_len,
    char *service, socklen_t service_len, int flags)
{
    (void)address, (void)len, (void)host, (void)host_len, (void)service, (void)service_len;
    (void)flags;
    return EAI_FAIL;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
    (void)name, (void)protocol;
    return NULL;
}

struct servent *getservbyport(int port, const char *protocol)
{
    (void)port, (void)protocol;
    return NULL;
}

struct protoent *getprotobyname(const char *name)
{
    (void)name;
    return NULL;
}

const char *hstrerror(int error)
{
    (void)error;
    return "host lookup is not available";
}

/*
 * libc's table of descriptors can hold sockets, and its close() would drop them. There are none.
 */
void __wasm_import_udp_udp_socket_drop(int handle)
{
    (void)handle;
}

void __wasm_import_udp_incoming_datagram_stream_drop(int handle)
{
    (void)handle;
}

void __wasm_import_udp_outgoing_datagram_stream_drop(int handle)
{
    (void)handle;
}

void __wasm_import_tcp_tcp_socket_drop(int handle)
{
    (void)handle;
}
