/* The list of the interfaces that this folder implements. */
#include "wasi/context.h"
#include "host/wasi_cli_environment.h"
#include "host/wasi_cli_exit.h"
#include "host/wasi_cli_stderr.h"
#include "host/wasi_cli_stdin.h"
#include "host/wasi_cli_stdout.h"
#include "host/wasi_cli_terminal_input.h"
#include "host/wasi_cli_terminal_output.h"
#include "host/wasi_cli_terminal_stderr.h"
#include "host/wasi_cli_terminal_stdin.h"
#include "host/wasi_cli_terminal_stdout.h"
#include "host/wasi_clocks_monotonic_clock.h"
#include "host/wasi_clocks_wall_clock.h"
#include "host/wasi_filesystem_preopens.h"
#include "host/wasi_filesystem_types.h"
#include "host/wasi_http_outgoing_handler.h"
#include "host/wasi_http_types.h"
#include "host/wasi_io_error.h"
#include "host/wasi_io_poll.h"
#include "host/wasi_io_streams.h"
#include "host/wasi_random_insecure.h"
#include "host/wasi_random_insecure_seed.h"
#include "host/wasi_random_random.h"
#include "host/wasi_sockets_instance_network.h"
#include "host/wasi_sockets_ip_name_lookup.h"
#include "host/wasi_sockets_network.h"
#include "host/wasi_sockets_tcp.h"
#include "host/wasi_sockets_tcp_create_socket.h"
#include "host/wasi_sockets_udp.h"
#include "host/wasi_sockets_udp_create_socket.h"

#define HOST(prefix) {&prefix##_interface, NULL}

static const struct component_host hosts[] = {
    HOST(wasi_cli_environment),
    HOST(wasi_cli_exit),
    HOST(wasi_cli_stderr),
    HOST(wasi_cli_stdin),
    HOST(wasi_cli_stdout),
    HOST(wasi_cli_terminal_input),
    HOST(wasi_cli_terminal_output),
    HOST(wasi_cli_terminal_stderr),
    HOST(wasi_cli_terminal_stdin),
    HOST(wasi_cli_terminal_stdout),
    HOST(wasi_clocks_monotonic_clock),
    HOST(wasi_clocks_wall_clock),
    HOST(wasi_filesystem_preopens),
    HOST(wasi_filesystem_types),
    HOST(wasi_http_outgoing_handler),
    HOST(wasi_http_types),
    HOST(wasi_io_error),
    HOST(wasi_io_poll),
    HOST(wasi_io_streams),
    HOST(wasi_random_insecure),
    HOST(wasi_random_insecure_seed),
    HOST(wasi_random_random),
    HOST(wasi_sockets_instance_network),
    HOST(wasi_sockets_ip_name_lookup),
    HOST(wasi_sockets_network),
    HOST(wasi_sockets_tcp),
    HOST(wasi_sockets_tcp_create_socket),
    HOST(wasi_sockets_udp),
    HOST(wasi_sockets_udp_create_socket),
};

const struct component_host *wasi_hosts(size_t *ret_count)
{
    *ret_count = countof(hosts);
    return hosts;
}
