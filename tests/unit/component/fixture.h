/*
 * Components in text form for the tests: converted by wasm-tools (SPINDLE_WASM_TOOLS, else PATH)
 * when a test runs; without it the test is skipped. And a host interface to call.
 */
#ifndef SPINDLE_TESTS_COMPONENT_FIXTURE_H
#define SPINDLE_TESTS_COMPONENT_FIXTURE_H

#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "component/component.h"
#include "component/instance_int.h"
#include "wasm/process.h"

extern char **environ;

/* Runs wasm-tools with these arguments; its exit status, or -1 if it is not there. */
static inline int wasm_tools(const char *const *arguments)
{
    const char *path = getenv("SPINDLE_WASM_TOOLS");
    const char *argv[16] = {path ? path : "wasm-tools"};
    pid_t pid;
    int status;
    for (size_t i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) != 0)
        return -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A file of its own with these contents; the caller unlinks it. */
static inline void temp_file(char path[64], struct str contents)
{
    struct error err = ERROR_INIT;
    snprintf(path, 64, "/tmp/spindle-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, contents, &err), 0);
    close(fd);
}

/* The binary of a text; skips the test if there is no wasm-tools. */
static inline struct buf from_wat(const char *wat)
{
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT(LIMIT_COMPONENT_BYTES);
    char in[64], out[64];
    temp_file(in, str_of(wat));
    temp_file(out, STR_EMPTY);
    int status = wasm_tools((const char *const[]){"parse", in, "-o", out, NULL});
    int result = status == 0 ? file_read(out, LIMIT_COMPONENT_BYTES, &bytes, &err) : 0;
    unlink(in);
    unlink(out);
    if (status < 0)
        skip();
    assert_int_equal(status, 0);
    assert_int_equal(result, 0);
    return bytes;
}

/* The host: counters that handles stand for. */
struct counter {
    uint32_t value;
    bool dropped;
};

static inline void counter_drop(void *host, void *rep)
{
    unsigned *drops = host;
    ((struct counter *)rep)->dropped = true;
    ++*drops;
}

static const struct component_host_resource counter_resource = {"counter", counter_drop};
static const struct wit_resource counter_type = {{"counter", 7}, &counter_resource};
static const struct wit_type counter_own = {.kind = WIT_OWN,
    .name = {"counter", 7},
    .resource = &counter_type,
    .size = 4,
    .align = 4,
    .flat_count = 1};
static const struct wit_type counter_borrow = {
    .kind = WIT_BORROW, .resource = &counter_type, .size = 4, .align = 4, .flat_count = 1};
static const struct wit_type u32_type = {.kind = WIT_U32, .size = 4, .align = 4, .flat_count = 1};
static const struct wit_type string_type = {
    .kind = WIT_STRING, .size = 8, .align = 4, .flat_count = 2};

static struct counter counters[16];
static unsigned counters_made;

static inline enum wasm_trap_kind host_make(struct component_call *call, union wasm_value *slots)
{
    struct counter *c = &counters[counters_made++ % countof(counters)];
    uint32_t handle;
    *c = (struct counter){.value = slots[0].i32};
    enum wasm_trap_kind kind = component_handle_give(call, &counter_resource, c, &handle);
    slots[0].i64 = handle;
    return kind;
}

static inline enum wasm_trap_kind host_get(struct component_call *call, union wasm_value *slots)
{
    void *rep;
    enum wasm_trap_kind kind = component_handle_borrow(call, &counter_resource, slots[0].i32, &rep);
    if (kind == WASM_TRAP_NONE)
        slots[0].i64 = ((struct counter *)rep)->value;
    return kind;
}

static inline enum wasm_trap_kind host_take(struct component_call *call, union wasm_value *slots)
{
    void *rep;
    enum wasm_trap_kind kind = component_handle_take(call, &counter_resource, slots[0].i32, &rep);
    if (kind == WASM_TRAP_NONE)
        slots[0].i64 = ((struct counter *)rep)->value;
    return kind;
}

/* Borrows the first and takes the second, which may be the same. */
static inline enum wasm_trap_kind host_both(struct component_call *call, union wasm_value *slots)
{
    void *a, *b;
    enum wasm_trap_kind kind = component_handle_borrow(call, &counter_resource, slots[0].i32, &a);
    if (kind == WASM_TRAP_NONE)
        kind = component_handle_take(call, &counter_resource, slots[1].i32, &b);
    return kind;
}

/* The string twice. */
static inline enum wasm_trap_kind host_twice(struct component_call *call, union wasm_value *slots)
{
    struct str text;
    uint8_t *area;
    uint32_t ptr, out = slots[2].i32;
    char copy[64];
    enum wasm_trap_kind kind = component_guest_string(call, slots[0].i32, slots[1].i32, &text);
    if (kind != WASM_TRAP_NONE)
        return kind;
    int n = snprintf(copy, sizeof(copy), "%" STR_FMT "%" STR_FMT, STR_ARG(text), STR_ARG(text));
    kind = component_guest_copy(call, str_make(copy, (size_t)n), 1, &ptr);
    if (kind == WASM_TRAP_NONE)
        kind = component_guest_bytes(call, out, 8, 4, &area);
    if (kind != WASM_TRAP_NONE)
        return kind;
    memcpy(area, &ptr, 4);
    memcpy(area + 4, &n, 4);
    return WASM_TRAP_NONE;
}

static const struct wit_field make_params[] = {{{"value", 5}, &u32_type}};
static const struct wit_field get_params[] = {{{"self", 4}, &counter_borrow}};
static const struct wit_field take_params[] = {{{"c", 1}, &counter_own}};
static const struct wit_field both_params[] = {
    {{"a", 1}, &counter_borrow}, {{"b", 1}, &counter_own}};
static const struct wit_field twice_params[] = {{{"text", 4}, &string_type}};
static const struct wit_func_type make_type = {1, make_params, &counter_own};
static const struct wit_func_type get_type = {1, get_params, &u32_type};
static const struct wit_func_type take_type = {1, take_params, &u32_type};
static const struct wit_func_type both_type = {2, both_params, NULL};
static const struct wit_func_type twice_type = {1, twice_params, &string_type};
static const struct component_host_func host_funcs[] = {
    {"[constructor]counter", &make_type, host_make},
    {"[method]counter.get", &get_type, host_get},
    {"take", &take_type, host_take},
    {"both", &both_type, host_both},
    {"twice", &twice_type, host_twice},
};
static const struct component_host_resource *const host_resources[] = {&counter_resource};
static const struct wit_type *const host_types[] = {&counter_own};
static const struct component_host_interface host_interface = {
    "test:host/counters@0.2.1", countof(host_funcs), host_funcs, 1, host_resources, 1, host_types};

/* cmocka sets handlers of its own for each test; the engine's must be there when guests run. */
static struct sigaction engine_handlers[2];

static inline void engine_start(void)
{
    struct error err = ERROR_INIT;
    static bool started;
    if (!started) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        assert_int_equal(wasm_process_init(&err), 0);
        assert_int_equal(wasm_thread_init(&err), 0);
        sigaction(SIGSEGV, NULL, &engine_handlers[0]);
        sigaction(SIGBUS, NULL, &engine_handlers[1]);
        started = true;
    }
    sigaction(SIGSEGV, &engine_handlers[0], NULL);
    sigaction(SIGBUS, &engine_handlers[1], NULL);
}

/* A component linked with the host and instantiated. */
struct fixture {
    struct buf bytes;
    struct component *component;
    struct component_program *program;
    struct component_instance *instance;
    struct wasm_image *image;
    struct wasm_trap trap;
    struct error err;
    unsigned drops;
    struct component_host host;
};

static inline int fixture_link(struct fixture *f, const char *wat)
{
    *f = (struct fixture){.bytes = from_wat(wat)};
    engine_start();
    int result = component_decode(buf_str(&f->bytes), NULL, &f->component, &f->err);
    if (result < 0)
        print_message("%s\n", error_message(&f->err));
    assert_int_equal(result, 0);
    f->host = (struct component_host){&host_interface, NULL};
    struct component_program_options options = {.hosts = &f->host,
        .host_count = 1,
        .interpret = true,
        .limits = {.memory_bytes = 64 * MIB, .table_elements = 10000}};
    return component_program_new(f->component, &options, &f->program, &f->err);
}

static inline void fixture_start(struct fixture *f, const char *wat)
{
    if (fixture_link(f, wat) < 0)
        fail_msg("%s: %s", error_message(&f->err), f->err.messages[0]);
    int result = component_instantiate(f->program, NULL, &f->instance, &f->trap, &f->err);
    if (result < 0)
        fail_msg("%s %s", error_message(&f->err), f->trap.detail);
    component_instance_set_host(f->instance, &f->drops);
}

/* From an image of itself. */
static inline void fixture_rewindable(struct fixture *f, const char *wat)
{
    fixture_start(f, wat);
    assert_int_equal(component_image(f->instance, &f->image, &f->err), 0);
    component_instance_free(f->instance);
    f->instance = NULL;
    assert_int_equal(
        component_instantiate(f->program, f->image, &f->instance, &f->trap, &f->err), 0);
    component_instance_set_host(f->instance, &f->drops);
}

static inline void fixture_end(struct fixture *f)
{
    component_instance_free(f->instance);
    if (f->image)
        wasm_image_unref(f->image);
    component_program_free(f->program);
    component_free(f->component);
    error_release(&f->err);
    buf_release(&f->bytes);
}

/* Calls an export with one scalar; the result, or fails the test on a trap. */
static inline int call_one(struct fixture *f, const char *name, uint32_t argument, uint32_t *ret)
{
    union wasm_value slots[2] = {{.i64 = argument}};
    struct component_func *func = component_instance_func(f->instance, STR_EMPTY, str_of(name));
    assert_non_null(func);
    f->trap = (struct wasm_trap){0};
    int result = component_call_flat(func, slots, &f->trap);
    *ret = slots[0].i32;
    return result;
}

static inline uint32_t call(struct fixture *f, const char *name, uint32_t argument)
{
    uint32_t result;
    if (call_one(f, name, argument, &result) < 0)
        fail_msg("%s: %s %s", name, wasm_trap_message(f->trap.kind), f->trap.detail);
    return result;
}

/* The call traps, and says this. */
static inline void call_traps(
    struct fixture *f, const char *name, uint32_t argument, const char *expected)
{
    uint32_t result;
    assert_int_equal(call_one(f, name, argument, &result), -1);
    char text[300];
    snprintf(text, sizeof(text), "%s: %s", wasm_trap_message(f->trap.kind), f->trap.detail);
    if (!strstr(text, expected))
        fail_msg("'%s' instead of '%s'", text, expected);
}

#endif
