#include <string.h>

#include "base/limits.h"
#include "componentize/hosts.h"
#include "wasi/wasi.h"

static struct build_host *build_host_of(struct component_call *call)
{
    return wasi_context_embedder(call->host);
}

void build_host_init(struct build_host *h)
{
    *h = (struct build_host){.monotonic_ns = NS_PER_S};
}

/* ------------------------------------------------------------------------------- random */

/* SplitMix64: even, and more than a build needs. */
static uint64_t next_random(struct build_host *h)
{
    uint64_t z = h->random += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static enum wasm_trap_kind random_u64(struct component_call *call, union wasm_value *slots)
{
    slots[0].i64 = next_random(build_host_of(call));
    return WASM_TRAP_NONE;
}

/* list<u8> at the result area, as the canonical ABI has it: address and length. */
static enum wasm_trap_kind random_bytes(struct component_call *call, union wasm_value *slots)
{
    uint64_t len = slots[0].i64;
    uint32_t result = slots[1].i32, address;
    uint8_t *area;
    char *bytes = len <= MIB ? arena_try_alloc(call->arena, len + 1, 1) : NULL;
    if (!bytes)
        return component_trap(call, "too many random bytes at once");
    for (uint64_t i = 0; i < len; i++)
        bytes[i] = (char)next_random(build_host_of(call));
    enum wasm_trap_kind trap = component_guest_copy(call, str_make(bytes, len), 1, &address);
    if (trap == WASM_TRAP_NONE)
        trap = component_guest_bytes(call, result, 8, 4, &area);
    if (trap != WASM_TRAP_NONE)
        return trap;
    memcpy(area, &address, 4);
    memcpy(area + 4, &(uint32_t){(uint32_t)len}, 4);
    return WASM_TRAP_NONE;
}

/* ------------------------------------------------------------------------------- clocks */

/* Each look moves the clock by a microsecond, so that a loop which waits for it ends. */
static enum wasm_trap_kind monotonic_now(struct component_call *call, union wasm_value *slots)
{
    slots[0].i64 = build_host_of(call)->monotonic_ns += 1000;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind wall_now(struct component_call *call, union wasm_value *slots)
{
    const struct build_host *h = build_host_of(call);
    uint64_t now = h->wall_seconds ? h->wall_seconds * NS_PER_S : clock_wall_ns();
    uint64_t seconds = now / NS_PER_S;
    uint32_t nanoseconds = (uint32_t)(now % NS_PER_S);
    uint8_t *area;
    enum wasm_trap_kind trap = component_guest_bytes(call, slots[0].i32, 16, 8, &area);
    if (trap != WASM_TRAP_NONE)
        return trap;
    memcpy(area, &seconds, 8);
    memcpy(area + 8, &nanoseconds, 4);
    return WASM_TRAP_NONE;
}

/* ------------------------------------------------------------------------------- network */

static enum wasm_trap_kind refuse_request(struct component_call *call, union wasm_value *slots)
{
    (void)slots;
    return component_trap(
        call, "wasi:http/outgoing-handler@0.2.0#handle was called while the component is built");
}

/* ------------------------------------------------------------------------------- the list */

static const struct {
    const char *interface, *func;
    component_host_body body;
} substitutes[] = {
    {"wasi:random/random@0.2.0", "get-random-bytes", random_bytes},
    {"wasi:random/random@0.2.0", "get-random-u64", random_u64},
    {"wasi:random/insecure@0.2.0", "get-insecure-random-bytes", random_bytes},
    {"wasi:random/insecure@0.2.0", "get-insecure-random-u64", random_u64},
    {"wasi:clocks/monotonic-clock@0.2.0", "now", monotonic_now},
    {"wasi:clocks/wall-clock@0.2.0", "now", wall_now},
    {"wasi:http/outgoing-handler@0.2.0", "handle", refuse_request},
};

static bool has_substitute(const char *interface)
{
    for (size_t i = 0; i < countof(substitutes); i++)
        if (strcmp(substitutes[i].interface, interface) == 0)
            return true;
    return false;
}

/* A copy of the interface with the substitutes' bodies. */
static const struct component_host_interface *substitute(
    struct arena *a, const struct component_host_interface *original)
{
    struct component_host_interface *copy = arena_new(a, struct component_host_interface);
    struct component_host_func *funcs =
        arena_alloc(a, original->func_count * sizeof(*original->funcs));
    *copy = *original;
    copy->funcs = funcs;
    for (size_t i = 0; i < original->func_count; i++) {
        funcs[i] = original->funcs[i];
        for (size_t s = 0; s < countof(substitutes); s++)
            if (strcmp(substitutes[s].interface, original->name) == 0 &&
                strcmp(substitutes[s].func, funcs[i].name) == 0)
                funcs[i].body = substitutes[s].body;
    }
    return copy;
}

const struct component_host *build_hosts(struct arena *a, size_t *ret_count)
{
    const struct component_host *hosts = wasi_hosts(ret_count);
    struct component_host *copies = arena_alloc(a, *ret_count * sizeof(*hosts));
    for (size_t i = 0; i < *ret_count; i++) {
        copies[i] = hosts[i];
        if (has_substitute(hosts[i].interface->name))
            copies[i].interface = substitute(a, hosts[i].interface);
    }
    return copies;
}

bool build_hosts_offer(struct str interface)
{
    size_t count;
    const struct component_host *hosts = wasi_hosts(&count);
    for (size_t i = 0; i < count; i++)
        if (str_is(interface, hosts[i].interface->name))
            return true;
    return false;
}
