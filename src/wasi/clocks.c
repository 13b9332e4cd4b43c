/* wasi:clocks. Monotonic time counts from the system's start, as the host's does. */
#include "wasi/context.h"
#include "host/wasi_clocks_monotonic_clock.h"
#include "host/wasi_clocks_wall_clock.h"

static enum wasm_trap_kind monotonic_now(struct component_call *call, uint64_t *ret_result)
{
    (void)call;
    *ret_result = clock_monotonic_ns();
    return WASM_TRAP_NONE;
}

static uint64_t resolution_ns(clockid_t clock)
{
    struct timespec resolution;
    if (clock_getres(clock, &resolution) < 0)
        return 1;
    return (uint64_t)resolution.tv_sec * NS_PER_S + (uint64_t)resolution.tv_nsec;
}

static enum wasm_trap_kind monotonic_resolution(struct component_call *call, uint64_t *ret_result)
{
    (void)call;
    *ret_result = resolution_ns(CLOCK_MONOTONIC);
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind subscribe_instant(
    struct component_call *call, uint64_t when, struct wasi_io_poll_pollable_own *ret_result)
{
    ret_result->object = pollable_new(wasi_context_of(call), POLLABLE_TIMER);
    if (!ret_result->object)
        return wasi_no_memory(call);
    ret_result->object->when = when;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind subscribe_duration(
    struct component_call *call, uint64_t when, struct wasi_io_poll_pollable_own *ret_result)
{
    uint64_t instant;
    if (__builtin_add_overflow(clock_monotonic_ns(), when, &instant))
        instant = NEVER;
    return subscribe_instant(call, instant, ret_result);
}

const struct wasi_clocks_monotonic_clock_functions wasi_clocks_monotonic_clock_functions = {
    .now = monotonic_now,
    .resolution = monotonic_resolution,
    .subscribe_instant = subscribe_instant,
    .subscribe_duration = subscribe_duration,
};

static enum wasm_trap_kind wall_now(
    struct component_call *call, struct wasi_clocks_wall_clock_datetime *ret_result)
{
    (void)call;
    uint64_t now = clock_wall_ns();
    ret_result->seconds = now / NS_PER_S;
    ret_result->nanoseconds = (uint32_t)(now % NS_PER_S);
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind wall_resolution(
    struct component_call *call, struct wasi_clocks_wall_clock_datetime *ret_result)
{
    (void)call;
    uint64_t resolution = resolution_ns(CLOCK_REALTIME);
    ret_result->seconds = resolution / NS_PER_S;
    ret_result->nanoseconds = (uint32_t)(resolution % NS_PER_S);
    return WASM_TRAP_NONE;
}

const struct wasi_clocks_wall_clock_functions wasi_clocks_wall_clock_functions = {
    .now = wall_now,
    .resolution = wall_resolution,
};
