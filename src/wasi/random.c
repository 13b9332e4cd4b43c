/*
 * wasi:random. All of it comes from the kernel: the insecure interfaces promise less, not
 * something else. A context keeps no random bytes, so two requests never share any.
 */
#include "wasi/context.h"
#include "host/wasi_random_insecure.h"
#include "host/wasi_random_insecure_seed.h"
#include "host/wasi_random_random.h"

#include <errno.h>
#include <sys/random.h>

/* More than this a guest gets by asking again. */
#define LARGEST_DRAW (16 * MIB)

static enum wasm_trap_kind fill(struct component_call *call, void *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = getrandom((char *)bytes + done, len - done, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return component_trap(call, "no random bytes: %s", strerror(errno));
        done += (size_t)got;
    }
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind random_bytes(
    struct component_call *call, uint64_t len, struct str *ret_result)
{
    if (len > LARGEST_DRAW)
        return component_trap(call, "%llu random bytes at once, above %zu MiB",
            (unsigned long long)len, LARGEST_DRAW / MIB);
    char *bytes = wasi_temporary(wasi_context_of(call), (size_t)len, 1);
    if (!bytes)
        return wasi_no_memory(call);
    *ret_result = str_make(bytes, (size_t)len);
    return fill(call, bytes, (size_t)len);
}

static enum wasm_trap_kind random_u64(struct component_call *call, uint64_t *ret_result)
{
    return fill(call, ret_result, sizeof(*ret_result));
}

static enum wasm_trap_kind insecure_seed(
    struct component_call *call, struct wasi_random_insecure_seed_tuple2_u64_u64 *ret_result)
{
    return fill(call, ret_result, sizeof(*ret_result));
}

const struct wasi_random_random_functions wasi_random_random_functions = {
    .get_random_bytes = random_bytes,
    .get_random_u64 = random_u64,
};
const struct wasi_random_insecure_functions wasi_random_insecure_functions = {
    .get_insecure_random_bytes = random_bytes,
    .get_insecure_random_u64 = random_u64,
};
const struct wasi_random_insecure_seed_functions wasi_random_insecure_seed_functions = {
    .insecure_seed = insecure_seed,
};
