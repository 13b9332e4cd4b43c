/*
 * wasi:sockets: all functions are there, and nothing is allowed. instance-network gives a network,
 * but no socket and no lookup can be made of it (access-denied), so the functions of sockets can
 * never be reached by a guest; they deny too.
 */
#include "wasi/context.h"
#include "host/wasi_sockets_instance_network.h"
#include "host/wasi_sockets_ip_name_lookup.h"
#include "host/wasi_sockets_network.h"
#include "host/wasi_sockets_tcp.h"
#include "host/wasi_sockets_tcp_create_socket.h"
#include "host/wasi_sockets_udp.h"
#include "host/wasi_sockets_udp_create_socket.h"

struct wasi_sockets_network_network {
    char nothing;
};

static enum wasm_trap_kind instance_network(
    struct component_call *call, struct wasi_sockets_network_network_own *ret_result)
{
    ret_result->object = wasi_new(wasi_context_of(call), struct wasi_sockets_network_network);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

static void network_drop(void *host, struct wasi_sockets_network_network *object)
{
    wasi_object_free(host, object, sizeof(*object));
}

const struct wasi_sockets_instance_network_functions wasi_sockets_instance_network_functions = {
    .instance_network = instance_network};
const struct wasi_sockets_network_functions wasi_sockets_network_functions = {
    .network_drop = network_drop};

/* A function that denies: parameters in parentheses, then the result's type. */
#define UNPAREN(...) __VA_ARGS__
#define DENIES(name, params, result)                                                   \
    static enum wasm_trap_kind name(                                                   \
        struct component_call *call UNUSED, UNPAREN params, struct result *ret_result) \
    {                                                                                  \
        ret_result->is_err = true;                                                     \
        ret_result->err = WASI_SOCKETS_NETWORK_ERROR_CODE_ACCESS_DENIED;               \
        return WASM_TRAP_NONE;                                                         \
    }
/* A function of an object that cannot exist, and whose result has no error. */
#define NEVER_CALLED(name, self, result)                                            \
    static enum wasm_trap_kind name(                                                \
        struct component_call *call, struct self socket UNUSED, result *ret_result) \
    {                                                                               \
        memset(ret_result, 0, sizeof(*ret_result));                                 \
        return component_trap(call, "there are no sockets");                        \
    }
#define NEVER_DROPPED(name, object) \
    static void name(void *host UNUSED, struct object *never UNUSED) {}

/* Name lookup. */

DENIES(resolve_addresses,
    (struct wasi_sockets_network_network_borrow network UNUSED, struct str name UNUSED),
    wasi_sockets_ip_name_lookup_result_own_resolve_address_stream_error_code)
DENIES(resolve_next_address,
    (struct wasi_sockets_ip_name_lookup_resolve_address_stream_borrow self UNUSED),
    wasi_sockets_ip_name_lookup_result_option_ip_address_error_code)
NEVER_CALLED(resolve_subscribe, wasi_sockets_ip_name_lookup_resolve_address_stream_borrow,
    struct wasi_io_poll_pollable_own)
NEVER_DROPPED(resolve_drop, wasi_sockets_ip_name_lookup_resolve_address_stream)

const struct wasi_sockets_ip_name_lookup_functions wasi_sockets_ip_name_lookup_functions = {
    .resolve_addresses = resolve_addresses,
    .resolve_address_stream_resolve_next_address = resolve_next_address,
    .resolve_address_stream_subscribe = resolve_subscribe,
    .resolve_address_stream_drop = resolve_drop,
};

/* TCP. */

DENIES(create_tcp_socket, (enum wasi_sockets_network_ip_address_family family UNUSED),
    wasi_sockets_tcp_create_socket_result_own_tcp_socket_error_code)

const struct wasi_sockets_tcp_create_socket_functions wasi_sockets_tcp_create_socket_functions = {
    .create_tcp_socket = create_tcp_socket};

#define TCP_SELF struct wasi_sockets_tcp_tcp_socket_borrow self UNUSED
#define TCP_VOID wasi_sockets_tcp_result_void_error_code
#define TCP_U64  wasi_sockets_tcp_result_u64_error_code

DENIES(tcp_start_bind,
    (TCP_SELF, struct wasi_sockets_network_network_borrow network UNUSED,
        struct wasi_sockets_network_ip_socket_address address UNUSED),
    TCP_VOID)
DENIES(tcp_finish_connect, (TCP_SELF),
    wasi_sockets_tcp_result_tuple2_own_input_stream_own_output_stream_error_code)
DENIES(tcp_accept, (TCP_SELF),
    wasi_sockets_tcp_result_tuple3_own_tcp_socket_own_input_stream_own_output_stream_error_code)
DENIES(tcp_address, (TCP_SELF), wasi_sockets_tcp_result_ip_socket_address_error_code)
DENIES(tcp_finish, (TCP_SELF), TCP_VOID)
DENIES(tcp_set_u64, (TCP_SELF, uint64_t value UNUSED), TCP_VOID)
DENIES(tcp_get_u64, (TCP_SELF), TCP_U64)
DENIES(tcp_set_bool, (TCP_SELF, bool value UNUSED), TCP_VOID)
DENIES(tcp_get_bool, (TCP_SELF), wasi_sockets_tcp_result_bool_error_code)
DENIES(tcp_set_u32, (TCP_SELF, uint32_t value UNUSED), TCP_VOID)
DENIES(tcp_get_u32, (TCP_SELF), wasi_sockets_tcp_result_u32_error_code)
DENIES(tcp_set_u8, (TCP_SELF, uint8_t value UNUSED), TCP_VOID)
DENIES(tcp_get_u8, (TCP_SELF), wasi_sockets_tcp_result_u8_error_code)
DENIES(tcp_shutdown, (TCP_SELF, enum wasi_sockets_tcp_shutdown_type type UNUSED), TCP_VOID)
NEVER_CALLED(tcp_is_listening, wasi_sockets_tcp_tcp_socket_borrow, bool)
NEVER_CALLED(tcp_address_family, wasi_sockets_tcp_tcp_socket_borrow,
    enum wasi_sockets_network_ip_address_family)
NEVER_CALLED(tcp_subscribe, wasi_sockets_tcp_tcp_socket_borrow, struct wasi_io_poll_pollable_own)
NEVER_DROPPED(tcp_drop, wasi_sockets_tcp_tcp_socket)

const struct wasi_sockets_tcp_functions wasi_sockets_tcp_functions = {
    .tcp_socket_start_bind = tcp_start_bind,
    .tcp_socket_finish_bind = tcp_finish,
    .tcp_socket_start_connect = tcp_start_bind,
    .tcp_socket_finish_connect = tcp_finish_connect,
    .tcp_socket_start_listen = tcp_finish,
    .tcp_socket_finish_listen = tcp_finish,
    .tcp_socket_accept = tcp_accept,
    .tcp_socket_local_address = tcp_address,
    .tcp_socket_remote_address = tcp_address,
    .tcp_socket_is_listening = tcp_is_listening,
    .tcp_socket_address_family = tcp_address_family,
    .tcp_socket_set_listen_backlog_size = tcp_set_u64,
    .tcp_socket_keep_alive_enabled = tcp_get_bool,
    .tcp_socket_set_keep_alive_enabled = tcp_set_bool,
    .tcp_socket_keep_alive_idle_time = tcp_get_u64,
    .tcp_socket_set_keep_alive_idle_time = tcp_set_u64,
    .tcp_socket_keep_alive_interval = tcp_get_u64,
    .tcp_socket_set_keep_alive_interval = tcp_set_u64,
    .tcp_socket_keep_alive_count = tcp_get_u32,
    .tcp_socket_set_keep_alive_count = tcp_set_u32,
    .tcp_socket_hop_limit = tcp_get_u8,
    .tcp_socket_set_hop_limit = tcp_set_u8,
    .tcp_socket_receive_buffer_size = tcp_get_u64,
    .tcp_socket_set_receive_buffer_size = tcp_set_u64,
    .tcp_socket_send_buffer_size = tcp_get_u64,
    .tcp_socket_set_send_buffer_size = tcp_set_u64,
    .tcp_socket_subscribe = tcp_subscribe,
    .tcp_socket_shutdown = tcp_shutdown,
    .tcp_socket_drop = tcp_drop,
};

/* UDP. */

DENIES(create_udp_socket, (enum wasi_sockets_network_ip_address_family family UNUSED),
    wasi_sockets_udp_create_socket_result_own_udp_socket_error_code)

const struct wasi_sockets_udp_create_socket_functions wasi_sockets_udp_create_socket_functions = {
    .create_udp_socket = create_udp_socket};

#define UDP_SELF struct wasi_sockets_udp_udp_socket_borrow self UNUSED
#define UDP_VOID wasi_sockets_udp_result_void_error_code

DENIES(udp_start_bind,
    (UDP_SELF, struct wasi_sockets_network_network_borrow network UNUSED,
        struct wasi_sockets_network_ip_socket_address address UNUSED),
    UDP_VOID)
DENIES(udp_finish_bind, (UDP_SELF), UDP_VOID)
DENIES(udp_stream, (UDP_SELF, struct wasi_sockets_udp_option_ip_socket_address address UNUSED),
    wasi_sockets_udp_result_tuple2_own_incoming_datagram_stream_own_outgoing_datagram_stream_error_code)
DENIES(udp_address, (UDP_SELF), wasi_sockets_udp_result_ip_socket_address_error_code)
DENIES(udp_get_u8, (UDP_SELF), wasi_sockets_udp_result_u8_error_code)
DENIES(udp_set_u8, (UDP_SELF, uint8_t value UNUSED), UDP_VOID)
DENIES(udp_get_u64, (UDP_SELF), wasi_sockets_udp_result_u64_error_code)
DENIES(udp_set_u64, (UDP_SELF, uint64_t value UNUSED), UDP_VOID)
DENIES(udp_receive,
    (struct wasi_sockets_udp_incoming_datagram_stream_borrow self UNUSED,
        uint64_t max_results UNUSED),
    wasi_sockets_udp_result_list_incoming_datagram_error_code)
DENIES(udp_check_send, (struct wasi_sockets_udp_outgoing_datagram_stream_borrow self UNUSED),
    wasi_sockets_udp_result_u64_error_code)
DENIES(udp_send,
    (struct wasi_sockets_udp_outgoing_datagram_stream_borrow self UNUSED,
        struct wasi_sockets_udp_list_outgoing_datagram datagrams UNUSED),
    wasi_sockets_udp_result_u64_error_code)
NEVER_CALLED(udp_address_family, wasi_sockets_udp_udp_socket_borrow,
    enum wasi_sockets_network_ip_address_family)
NEVER_CALLED(udp_subscribe, wasi_sockets_udp_udp_socket_borrow, struct wasi_io_poll_pollable_own)
NEVER_CALLED(udp_receive_subscribe, wasi_sockets_udp_incoming_datagram_stream_borrow,
    struct wasi_io_poll_pollable_own)
NEVER_CALLED(udp_send_subscribe, wasi_sockets_udp_outgoing_datagram_stream_borrow,
    struct wasi_io_poll_pollable_own)
NEVER_DROPPED(udp_drop, wasi_sockets_udp_udp_socket)
NEVER_DROPPED(udp_receive_drop, wasi_sockets_udp_incoming_datagram_stream)
NEVER_DROPPED(udp_send_drop, wasi_sockets_udp_outgoing_datagram_stream)

const struct wasi_sockets_udp_functions wasi_sockets_udp_functions = {
    .udp_socket_start_bind = udp_start_bind,
    .udp_socket_finish_bind = udp_finish_bind,
    .udp_socket_stream = udp_stream,
    .udp_socket_local_address = udp_address,
    .udp_socket_remote_address = udp_address,
    .udp_socket_address_family = udp_address_family,
    .udp_socket_unicast_hop_limit = udp_get_u8,
    .udp_socket_set_unicast_hop_limit = udp_set_u8,
    .udp_socket_receive_buffer_size = udp_get_u64,
    .udp_socket_set_receive_buffer_size = udp_set_u64,
    .udp_socket_send_buffer_size = udp_get_u64,
    .udp_socket_set_send_buffer_size = udp_set_u64,
    .udp_socket_subscribe = udp_subscribe,
    .udp_socket_drop = udp_drop,
    .incoming_datagram_stream_receive = udp_receive,
    .incoming_datagram_stream_subscribe = udp_receive_subscribe,
    .incoming_datagram_stream_drop = udp_receive_drop,
    .outgoing_datagram_stream_check_send = udp_check_send,
    .outgoing_datagram_stream_send = udp_send,
    .outgoing_datagram_stream_subscribe = udp_send_subscribe,
    .outgoing_datagram_stream_drop = udp_send_drop,
};
