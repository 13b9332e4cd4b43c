/* wasi:io, clocks, random, cli and sockets through their wrappers. */
#include "../fake.h"

#include "host/wasi_cli_environment.h"
#include "host/wasi_cli_exit.h"
#include "host/wasi_cli_stdin.h"
#include "host/wasi_cli_stdout.h"
#include "host/wasi_cli_terminal_stdout.h"
#include "host/wasi_clocks_monotonic_clock.h"
#include "host/wasi_clocks_wall_clock.h"
#include "host/wasi_io_poll.h"
#include "host/wasi_io_streams.h"
#include "host/wasi_random_insecure_seed.h"
#include "host/wasi_random_random.h"
#include "host/wasi_sockets_instance_network.h"
#include "host/wasi_sockets_ip_name_lookup.h"
#include "host/wasi_sockets_network.h"
#include "host/wasi_sockets_tcp_create_socket.h"

#define STREAMS wasi_io_streams_interface
#define POLL    wasi_io_poll_interface

static struct buf output;
static unsigned blocked, resumed;

static void keep_output(void *data, enum wasi_output which, struct str bytes)
{
    (void)data;
    buf_printf(&output, "%d:", which);
    buf_append_str(&output, bytes);
}

static void count_blocks(void *data)
{
    (void)data;
    blocked++;
}

static void count_resumes(void *data)
{
    (void)data;
    resumed++;
}

static const struct wasi_variable environment[] = {
    {{"A", 1}, {"1", 1}},
    {{"LONG_NAME", 9}, {"", 0}},
};
static const struct str arguments[] = {{"app", 3}};
static const struct wasi_config config = {.environment = environment,
    .environment_count = countof(environment),
    .arguments = arguments,
    .argument_count = countof(arguments),
    .initial_cwd = "/",
    .output = keep_output,
    .blocks = count_blocks,
    .resumes = count_resumes};

static int start(void **state)
{
    (void)state;
    output = BUF_INIT(1 * MIB);
    blocked = resumed = 0;
    fake_start(&config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_stop();
    buf_release(&output);
    return 0;
}

static uint32_t timer(uint64_t ns)
{
    return (uint32_t)fake_get(&wasi_clocks_monotonic_clock_interface, "subscribe-duration", ns);
}

static uint32_t get_stdout(void)
{
    return (uint32_t)fake_get(&wasi_cli_stdout_interface, "get-stdout", 0);
}

static void environment_is_the_configured_one(void **state)
{
    (void)state;
    fake_call(wasi_cli_environment_interface, "get-environment", FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    uint32_t list = fake_u32(FAKE_AREA);
    assert_true(str_is(fake_text(list), "A"));
    assert_true(str_is(fake_text(list + 8), "1"));
    assert_true(str_is(fake_text(list + 16), "LONG_NAME"));
    assert_true(str_is(fake_text(list + 24), ""));
    fake_call(wasi_cli_environment_interface, "get-arguments", FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 1);
    fake_call(wasi_cli_environment_interface, "initial-cwd", FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_true(str_is(fake_text(FAKE_AREA + 4), "/"));
}

static void exit_ends_the_guest(void **state)
{
    (void)state;
    assert_int_equal(fake_try(wasi_cli_exit_interface, "exit", 1), WASM_TRAP_EXIT);
    assert_false(wasi_context_exit_ok(fake.context));
    assert_int_equal(fake_try(wasi_cli_exit_interface, "exit", 0), WASM_TRAP_EXIT);
    assert_true(wasi_context_exit_ok(fake.context));
    assert_int_equal(fake_try(wasi_cli_exit_interface, "exit", 2), WASM_TRAP_COMPONENT);
}

static void standard_streams(void **state)
{
    (void)state;
    uint32_t out = get_stdout();
    fake_call(STREAMS, "[method]output-stream.check-write", out, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    assert_int_equal(fake_u32(FAKE_AREA + 8), 65536);
    fake_call(STREAMS, "[method]output-stream.write", out, fake_put(STR("hi")), 2, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    assert_true(str_is(buf_str(&output), "0:hi"));
    uint32_t in = (uint32_t)fake_get(&wasi_cli_stdin_interface, "get-stdin", 0);
    fake_call(STREAMS, "[method]input-stream.blocking-read", in, 10, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 4], WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
    fake_call(wasi_cli_terminal_stdout_interface, "get-terminal-stdout", FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
}

static void writes_need_a_permit(void **state)
{
    (void)state;
    uint32_t out = get_stdout();
    fake_traps(STREAMS, "[method]output-stream.write", out, fake_put(STR("hi")), 2, FAKE_AREA);
    fake_call(STREAMS, "[method]output-stream.check-write", out, FAKE_AREA);
    fake_call(STREAMS, "[method]output-stream.write", out, FAKE_HEAP, 65535, FAKE_AREA);
    fake_traps(STREAMS, "[method]output-stream.write", out, FAKE_HEAP, 2, FAKE_AREA);
    fake_traps(
        STREAMS, "[method]output-stream.blocking-write-and-flush", out, FAKE_HEAP, 4097, FAKE_AREA);
    fake_traps(STREAMS, "[method]output-stream.write", out, FAKE_MEMORY - 1, 2, FAKE_AREA);
    fake_traps(STREAMS, "[method]output-stream.write", out, 0xffffffff, 0xffffffff, FAKE_AREA);
}

static void zeroes_and_splices(void **state)
{
    (void)state;
    uint32_t out = get_stdout();
    fake_call(
        STREAMS, "[method]output-stream.blocking-write-zeroes-and-flush", out, 4096, FAKE_AREA);
    assert_int_equal(output.len, 2 + 4096);
    fake_traps(
        STREAMS, "[method]output-stream.blocking-write-zeroes-and-flush", out, 4097, FAKE_AREA);
    uint32_t in = (uint32_t)fake_get(&wasi_cli_stdin_interface, "get-stdin", 0);
    fake_call(STREAMS, "[method]output-stream.blocking-splice", out, in, 10, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 8], WASI_IO_STREAMS_STREAM_ERROR_CLOSED);
}

static void poll_finds_what_is_ready(void **state)
{
    (void)state;
    uint32_t list = fake_put(STR("............"));
    host_store_u32(fake.memory + list, timer(3600 * NS_PER_S));
    host_store_u32(fake.memory + list + 4, timer(0));
    host_store_u32(fake.memory + list + 8,
        (uint32_t)fake_get(&STREAMS, "[method]output-stream.subscribe", get_stdout()));
    fake_call(POLL, "poll", list, 3, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 2);
    assert_int_equal(fake_u32(fake_u32(FAKE_AREA)), 1);
    assert_int_equal(fake_u32(fake_u32(FAKE_AREA) + 4), 2);
    assert_int_equal(blocked, 0);
    fake_traps(POLL, "poll", list, 0, FAKE_AREA);
    host_store_u32(fake.memory + list, 77);
    fake_traps(POLL, "poll", list, 3, FAKE_AREA);
    fake_traps(POLL, "poll", FAKE_MEMORY - 4, 3, FAKE_AREA);
    fake_traps(POLL, "poll", list + 1, 1, FAKE_AREA);
}

static void more_pollables_than_the_stack_holds(void **state)
{
    (void)state;
    uint32_t list = fake.heap;
    fake.heap += 400;
    uint32_t ready = timer(0);
    for (uint32_t i = 0; i < 100; i++)
        host_store_u32(fake.memory + list + 4 * i, ready);
    fake_call(POLL, "poll", list, 100, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 100);
}

static void a_timer_waits(void **state)
{
    (void)state;
    uint64_t before = clock_monotonic_ns();
    uint32_t pollable = timer(NS_PER_MS);
    fake_call(POLL, "[method]pollable.block", pollable);
    assert_true(clock_monotonic_ns() - before >= NS_PER_MS);
    assert_int_equal(blocked, 1);
    assert_int_equal(resumed, 1);
    assert_int_equal(fake_get(&POLL, "[method]pollable.ready", pollable), 1);
}

static void waits_end_at_the_deadline(void **state)
{
    (void)state;
    uint32_t pollable = timer(3600 * NS_PER_S);
    wasi_context_set_deadline(fake.context, clock_monotonic_ns() + NS_PER_MS);
    assert_int_equal(fake_try(POLL, "[method]pollable.block", pollable), WASM_TRAP_DEADLINE);
    assert_int_equal(blocked, resumed);
}

static void a_wait_without_end_traps(void **state)
{
    (void)state;
    fake_traps(POLL, "[method]pollable.block", timer(UINT64_MAX));
}

static void clocks_move(void **state)
{
    (void)state;
    uint64_t first = fake_get(&wasi_clocks_monotonic_clock_interface, "now", 0);
    uint64_t second = fake_get(&wasi_clocks_monotonic_clock_interface, "now", 0);
    assert_true(second >= first && first > 0);
    assert_true(fake_get(&wasi_clocks_monotonic_clock_interface, "resolution", 0) > 0);
    fake_call(wasi_clocks_wall_clock_interface, "now", FAKE_AREA);
    assert_true(fake_u32(FAKE_AREA) > 1700000000);
    assert_true(fake_u32(FAKE_AREA + 8) < NS_PER_S);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    fake_call(wasi_random_random_interface, "get-random-bytes", 16, FAKE_AREA);
    fake_call(wasi_random_random_interface, "get-random-bytes", 16, FAKE_AREA + 16);
    struct str first = fake_text(FAKE_AREA), second = fake_text(FAKE_AREA + 16);
    assert_int_equal(first.len, 16);
    assert_false(str_equal(first, second));
    assert_true(fake_get(&wasi_random_random_interface, "get-random-u64", 0) !=
                fake_get(&wasi_random_random_interface, "get-random-u64", 0));
    fake_call(wasi_random_insecure_seed_interface, "insecure-seed", FAKE_AREA);
    assert_memory_not_equal(fake.memory + FAKE_AREA, fake.memory + FAKE_AREA + 8, 8);
    fake_traps(wasi_random_random_interface, "get-random-bytes", UINT64_MAX, FAKE_AREA);
    /* More than fits into the guest. */
    fake_traps(wasi_random_random_interface, "get-random-bytes", 1 * MIB, FAKE_AREA);
}

static void sockets_are_denied(void **state)
{
    (void)state;
    uint32_t network =
        (uint32_t)fake_get(&wasi_sockets_instance_network_interface, "instance-network", 0);
    fake_call(wasi_sockets_tcp_create_socket_interface, "create-tcp-socket", 0, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    assert_int_equal(fake.memory[FAKE_AREA + 4], WASI_SOCKETS_NETWORK_ERROR_CODE_ACCESS_DENIED);
    fake_call(wasi_sockets_ip_name_lookup_interface, "resolve-addresses", network,
        fake_put(STR("localhost")), 9, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 1);
    fake_traps(wasi_sockets_tcp_create_socket_interface, "create-tcp-socket", 2, FAKE_AREA);
}

static void every_interface_is_whole(void **state)
{
    (void)state;
    size_t count;
    const struct component_host *hosts = wasi_hosts(&count);
    assert_int_equal(count, 29);
    for (size_t i = 0; i < count; i++) {
        const struct component_host_interface *interface = hosts[i].interface;
        for (size_t f = 0; f < interface->func_count; f++) {
            assert_non_null(interface->funcs[f].body);
            assert_non_null(interface->funcs[f].type);
        }
        for (size_t r = 0; r < interface->resource_count; r++)
            assert_non_null(interface->resources[r]->drop);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(environment_is_the_configured_one),
        TEST(exit_ends_the_guest),
        TEST(standard_streams),
        TEST(writes_need_a_permit),
        TEST(zeroes_and_splices),
        TEST(poll_finds_what_is_ready),
        TEST(more_pollables_than_the_stack_holds),
        TEST(a_timer_waits),
        TEST(waits_end_at_the_deadline),
        TEST(a_wait_without_end_traps),
        TEST(clocks_move),
        TEST(random_bytes_differ),
        TEST(sockets_are_denied),
        TEST(every_interface_is_whole),
    };
    return cmocka_run_group_tests_name("wasi/io", tests, NULL, NULL);
}
