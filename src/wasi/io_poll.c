/*
 * wasi:io/poll. A pollable is ready from the start, a timer, the body of a request, or something of
 * an outgoing request.
 *
 * A response never blocks a poll: its stream takes what check-write allows, waiting inside write if
 * it must, which is all the same to a guest with one thread.
 */
#include "wasi/context.h"

#include <errno.h>

/* While both a timer and a body are waited for: how often the body is looked at. */
#define BODY_POLL_NS (2 * NS_PER_MS)

struct wasi_io_poll_pollable *pollable_new(struct wasi_context *context, enum pollable_kind kind)
{
    struct wasi_io_poll_pollable *pollable = wasi_new(context, struct wasi_io_poll_pollable);
    if (pollable)
        pollable->kind = kind;
    return pollable;
}

static void pollable_drop(void *host, struct wasi_io_poll_pollable *pollable)
{
    struct wasi_context *context = host;
    if (pollable->body)
        body_in_unref(context, pollable->body);
    if (pollable->outgoing)
        outgoing_unref(context, pollable->outgoing);
    wasi_object_free(context, pollable, sizeof(*pollable));
}

static bool is_ready(const struct wasi_io_poll_pollable *pollable, uint64_t now)
{
    switch (pollable->kind) {
    case POLLABLE_TIMER:
        return pollable->when <= now;
    case POLLABLE_BODY:
        return body_in_ready(pollable->body);
    case POLLABLE_RESPONSE:
        return outgoing_has_response(pollable->outgoing);
    case POLLABLE_UPLOAD:
        return outgoing_has_room(pollable->outgoing);
    default:
        return true;
    }
}

/* Lists the indices of ready pollables. */
static size_t find_ready(const struct wasi_io_poll_list_borrow_pollable *in, uint32_t *ret_indices)
{
    uint64_t now = clock_monotonic_ns();
    size_t count = 0;
    for (size_t i = 0; i < in->len; i++)
        if (is_ready(in->data[i].object, now))
            ret_indices[count++] = (uint32_t)i;
    return count;
}

static void sleep_until(deadline_t when)
{
    struct timespec until = clock_timespec(when);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

/* What a list of pollables that are not ready waits for. */
struct waits {
    deadline_t timer;
    struct body_in *client; /* the client's body; NULL: not */
    bool network;           /* outgoing requests */
};

static struct waits find_waits(const struct wasi_io_poll_list_borrow_pollable *in)
{
    struct waits waits = {.timer = NEVER};
    for (size_t i = 0; i < in->len; i++) {
        const struct wasi_io_poll_pollable *pollable = in->data[i].object;
        if (pollable->kind == POLLABLE_TIMER && pollable->when < waits.timer)
            waits.timer = pollable->when;
        if (pollable->kind == POLLABLE_BODY && body_in_is_of_client(pollable->body))
            waits.client = pollable->body;
        else if (pollable->kind == POLLABLE_BODY)
            waits.network = true;
        if (pollable->outgoing && !outgoing_is_local(pollable->outgoing))
            waits.network = true;
    }
    return waits;
}

/* Waits once for something of `in`, none of which is ready. */
static enum wasm_trap_kind wait_once(
    struct component_call *call, const struct wasi_io_poll_list_borrow_pollable *in)
{
    struct wasi_context *context = wasi_context_of(call);
    struct waits waits = find_waits(in);
    if (waits.client && !waits.network && waits.timer == NEVER && context->deadline == NEVER) {
        body_in_wait(context, waits.client);
        return WASM_TRAP_NONE;
    }
    uint64_t now = clock_monotonic_ns();
    if (context->deadline <= now)
        return WASM_TRAP_DEADLINE;
    deadline_t until = waits.timer < context->deadline ? waits.timer : context->deadline;
    if (waits.client && until - now > BODY_POLL_NS)
        until = now + BODY_POLL_NS;
    if (waits.network) {
        outgoing_wait(context, until);
        return WASM_TRAP_NONE;
    }
    if (until == NEVER)
        return component_trap(call, "the guest waits for something that never happens");
    wasi_blocks(context);
    sleep_until(until);
    wasi_resumes(context);
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind poll_all(struct component_call *call,
    struct wasi_io_poll_list_borrow_pollable in, struct wasi_io_poll_list_u32 *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    if (in.len == 0)
        return component_trap(call, "poll of an empty list");
    uint32_t *indices = wasi_temporary(context, in.len, sizeof(*indices));
    if (!indices)
        return wasi_no_memory(call);
    size_t count;
    outgoing_drive(context);
    while ((count = find_ready(&in, indices)) == 0) {
        enum wasm_trap_kind trap = wait_once(call, &in);
        if (trap != WASM_TRAP_NONE)
            return trap;
    }
    *ret_result = (struct wasi_io_poll_list_u32){indices, count};
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind pollable_ready(
    struct component_call *call, struct wasi_io_poll_pollable_borrow self, bool *ret_result)
{
    outgoing_drive(wasi_context_of(call));
    *ret_result = is_ready(self.object, clock_monotonic_ns());
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind pollable_block(
    struct component_call *call, struct wasi_io_poll_pollable_borrow self)
{
    const struct wasi_io_poll_list_borrow_pollable one = {&self, 1};
    while (!is_ready(self.object, clock_monotonic_ns())) {
        enum wasm_trap_kind trap = wait_once(call, &one);
        if (trap != WASM_TRAP_NONE)
            return trap;
    }
    return WASM_TRAP_NONE;
}

const struct wasi_io_poll_functions wasi_io_poll_functions = {
    .pollable_ready = pollable_ready,
    .pollable_block = pollable_block,
    .poll = poll_all,
    .pollable_drop = pollable_drop,
};
