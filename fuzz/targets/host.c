/*
 * Hostile calls of the host: each one a function of some interface, its flat values, and bytes that
 * are put into memory first. Nothing is granted, and nothing may wait.
 */
#include "../../tests/unit/fake.h"

#include "fuzz.h"
#include "spin/spin.h"

enum { MOST_CALLS = 64, SLOTS = 20 };

/* The interface at an index through the hosts of both folders. */
static const struct component_host_interface *interface_at(size_t index)
{
    size_t wasi_count, spin_count;
    const struct component_host *wasi = wasi_hosts(&wasi_count), *spin = spin_hosts(&spin_count);
    index %= wasi_count + spin_count;
    return index < wasi_count ? wasi[index].interface : spin[index - wasi_count].interface;
}

/* Small numbers are handles, cases and flags; large ones lengths and pointers. */
static uint64_t read_slot(struct str *input)
{
    uint8_t first = fuzz_byte(input);
    if (first < 0xf0)
        return first;
    uint64_t low = fuzz_u32(input);
    return first < 0xf8 ? low : low | (uint64_t)fuzz_u32(input) << 32;
}

static void put_bytes(struct str *input)
{
    uint8_t at = fuzz_byte(input), len = fuzz_byte(input);
    struct str bytes = str_make(input->ptr, len < input->len ? len : input->len);
    if (bytes.len)
        memcpy(fake.memory + at, bytes.ptr, bytes.len);
    *input = str_skip(*input, bytes.len);
}

static void call(struct str *input)
{
    const struct component_host_interface *interface = interface_at(fuzz_byte(input));
    uint8_t index = fuzz_byte(input), given = fuzz_byte(input) % SLOTS;
    union wasm_value slots[SLOTS] = {0};
    if (!interface->func_count)
        return;
    for (uint8_t i = 0; i < given; i++)
        slots[i].i64 = read_slot(input);
    fake_call_slots(interface, interface->funcs[index % interface->func_count].name, slots);
}

static void drop(struct str *input)
{
    uint8_t handle = fuzz_byte(input);
    if (fake.handles[handle].type)
        fake_drop(handle);
}

void fuzz_one(struct str input)
{
    static const struct wasi_config wasi_config;
    static const struct spin_config spin_config = {.component = STR("fuzz")};
    struct error err = ERROR_INIT;
    struct spin_context *spin;
    fake_start(&wasi_config);
    BUG_IF(spin_context_new(&spin_config, fake.context, &spin, &err) < 0);
    wasi_context_set_deadline(fake.context, 1);
    for (unsigned i = 0; i < MOST_CALLS && input.len; i++) {
        uint8_t what = fuzz_byte(&input) % 8;
        if (what == 0)
            drop(&input);
        else if (what < 4)
            put_bytes(&input);
        else
            call(&input);
    }
    fake_drop_all();
    spin_context_free(spin);
    fake_stop();
}
