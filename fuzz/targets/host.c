/*
 * A hostile guest: it answers a request by calls of any functions of the host, with handles that it
 * has, values of any kind, and memory full of what it likes. It may read one folder; nothing else
 * is granted, and nothing may wait.
 */
#include "../../tests/unit/fake.h"

#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "spin/spin.h"

enum { MOST_CALLS = 64, MOST_SLOTS = WIT_MAX_FLAT_PARAMS + 1, LOW_MEMORY = 256 };

/* The input that is left, and flat values that were made of it. */
struct values {
    struct str *input;
    union wasm_value slots[MOST_SLOTS];
    unsigned count;
};

static void push(struct values *v, uint64_t value)
{
    if (v->count < MOST_SLOTS)
        v->slots[v->count++].i64 = value;
}

/* One in sixteen is no small number. */
static uint64_t read_number(struct str *input)
{
    uint8_t first = fuzz_byte(input);
    if (first < 0xf0)
        return first;
    uint64_t low = fuzz_u32(input);
    return first < 0xf8 ? low : low | (uint64_t)fuzz_u32(input) << 32;
}

/* The n-th of its handles of the type, as far as there are any; else any number. */
static uint64_t choose_handle(struct str *input, const void *type)
{
    uint8_t which = fuzz_byte(input), live[FAKE_HANDLES];
    unsigned count = 0;
    for (unsigned i = 1; i < FAKE_HANDLES; i++)
        if (fake.handles[i].type == type)
            live[count++] = (uint8_t)i;
    return count && which < 0xf0 ? live[which % count] : which;
}

static void push_type(struct values *v, const struct wit_type *type)
{
    unsigned begin = v->count;
    if (type->kind == WIT_OWN || type->kind == WIT_BORROW) {
        push(v, choose_handle(v->input, type->resource->tag));
    } else if (type->kind == WIT_RECORD || type->kind == WIT_TUPLE) {
        for (uint32_t i = 0; i < type->count; i++)
            push_type(v, type->fields[i].type);
    } else if (wit_case_count(type)) {
        uint64_t which = read_number(v->input);
        push(v, which);
        const struct wit_type *payload =
            which < wit_case_count(type) ? wit_case_type(type, (uint32_t)which) : NULL;
        if (payload)
            push_type(v, payload);
    }
    while (v->count < begin + type->flat_count && v->count < MOST_SLOTS)
        push(v, read_number(v->input));
}

/* The interface at an index through the hosts of both folders. */
static const struct component_host_interface *interface_at(size_t index)
{
    size_t wasi_count, spin_count;
    const struct component_host *wasi = wasi_hosts(&wasi_count), *spin = spin_hosts(&spin_count);
    index %= wasi_count + spin_count;
    return index < wasi_count ? wasi[index].interface : spin[index - wasi_count].interface;
}

static void call(struct str *input)
{
    const struct component_host_interface *interface = interface_at(fuzz_byte(input));
    uint8_t index = fuzz_byte(input);
    struct values v = {.input = input};
    struct wit_core_type core;
    if (!interface->func_count)
        return;
    const struct component_host_func *func = &interface->funcs[index % interface->func_count];
    wit_core_type_lower(func->type, &core);
    for (uint32_t i = 0; i < func->type->param_count && !core.params_in_memory; i++)
        push_type(&v, func->type->params[i].type);
    if (core.params_in_memory)
        push(&v, read_number(input) & ~(uint64_t)7);
    if (core.result_in_memory)
        push(&v, FAKE_AREA);
    fake_call_slots(interface, func->name, v.slots);
}

/* Where small numbers point to. */
static void put_bytes(struct str *input)
{
    uint8_t at = fuzz_byte(input), len = fuzz_byte(input);
    struct str bytes = str_make(input->ptr, len < input->len ? len : input->len);
    if (bytes.len)
        memcpy(fake.memory + at, bytes.ptr, bytes.len);
    *input = str_skip(*input, bytes.len);
}

static void drop(struct str *input)
{
    uint8_t handle = fuzz_byte(input);
    if (fake.handles[handle].type)
        fake_drop(handle);
}

/* ---- the request that it answers ---- */

static size_t body_left;

static enum http_io read_body(struct http_exchange *x, size_t max, struct str *ret_bytes)
{
    (void)x;
    if (body_left == 0)
        return HTTP_IO_END;
    size_t len = max < body_left ? max : body_left;
    *ret_bytes = str_make("body body", len);
    body_left -= len;
    return HTTP_IO_OK;
}

static bool body_ready(struct http_exchange *x)
{
    (void)x;
    return true;
}

static enum http_io send_head(
    struct http_exchange *x, unsigned status, const struct http_field *fields, size_t count)
{
    BUG_IF(x->head_sent || status < 100 || status > 999);
    for (size_t i = 0; i < count; i++)
        BUG_IF(!fields[i].name.len || str_find_byte(fields[i].name, '\n') >= 0 ||
               str_find_byte(fields[i].value, '\n') >= 0);
    x->head_sent = true;
    return HTTP_IO_OK;
}

static enum http_io write_body(struct http_exchange *x, struct str bytes)
{
    BUG_IF(!x->head_sent || x->finished || (bytes.len && !bytes.ptr));
    return HTTP_IO_OK;
}

static size_t write_room(struct http_exchange *x)
{
    (void)x;
    return LOW_MEMORY;
}

static enum http_io finish(struct http_exchange *x)
{
    BUG_IF(!x->head_sent || x->finished);
    x->finished = true;
    return HTTP_IO_OK;
}

static const struct http_exchange_ops ops = {.read_body = read_body,
    .body_ready = body_ready,
    .send_head = send_head,
    .write_body = write_body,
    .write_room = write_room,
    .finish = finish};

/* ---- what it is granted ---- */

static char folder[] = "/tmp/spindle-fuzz-XXXXXX";

static void remove_folder(void)
{
    file_remove_tree(folder);
}

static void make_folder(void)
{
    static bool made;
    struct error err = ERROR_INIT;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(MIB);
    if (made)
        return;
    made = true;
    BUG_IF(!mkdtemp(folder) || atexit(remove_folder));
    BUG_IF(file_make_dirs(path_join(&arena, folder, "d/d"), 0700, &err) < 0);
    BUG_IF(file_write(path_join(&arena, folder, "f"), STR("text"), 0600, &err) < 0);
    BUG_IF(symlink("d", path_join(&arena, folder, "l")) < 0);
}

static void ignore_warning(void *data, const char *line)
{
    (void)data;
    (void)line;
}

static void answer(struct str *input)
{
    static struct http_field fields[] = {
        {STR("host"), STR("localhost")}, {STR("content-length"), STR("9")}};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(LIMIT_REQUEST_ARENA);
    struct error err = ERROR_INIT;
    struct http_exchange x = {.ops = &ops,
        .arena = &arena,
        .method = STR("POST"),
        .path = STR("/a?b"),
        .authority = STR("localhost"),
        .scheme = STR("http"),
        .client_address = STR("127.0.0.1:1"),
        .fields = fields,
        .field_count = countof(fields),
        .has_body = true};
    uint32_t request, out;
    body_left = 9;
    BUG_IF(wasi_http_begin(fake.context, &x, NULL, &request, &out, &err) < 0);
    for (unsigned i = 0; i < MOST_CALLS && input->len; i++) {
        uint8_t what = fuzz_byte(input) % 8;
        if (what == 0)
            drop(input);
        else if (what < 3)
            put_bytes(input);
        else
            call(input);
    }
    wasi_http_end(fake.context);
    fake_drop_all();
}

void fuzz_one(struct str input)
{
    static const struct wasi_preopen preopen = {.guest_path = "/", .host_path = folder};
    static const struct wasi_config wasi_config = {
        .preopens = &preopen, .preopen_count = 1, .warn = ignore_warning};
    static const struct spin_config spin_config = {.component = STR("fuzz")};
    struct error err = ERROR_INIT;
    struct spin_context *spin;
    make_folder();
    fake_start(&wasi_config);
    BUG_IF(spin_context_new(&spin_config, fake.context, &spin, &err) < 0);
    wasi_context_set_deadline(fake.context, 1);
    answer(&input);
    spin_context_free(spin);
    fake_stop();
}
