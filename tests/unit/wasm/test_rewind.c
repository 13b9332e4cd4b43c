/*
 * Rewinding: whatever a guest or the host wrote is as in the image again.
 */
#include "guest.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "wasm/pages.h"

/* Writes, grows, changes globals, tables and segments as it is told. */
static const char text[] =
    "(module (memory (export \"memory\") 40 200) (table $t (export \"t\") 4 50 funcref)"
    " (global $g (mut i32) (i32.const 1)) (global $h (mut f64) (f64.const 2.5))"
    " (global $r (mut funcref) (ref.func $one))"
    " (data (i32.const 0) \"start\") (data $late \"late\") (elem (i32.const 0) $one $two)"
    " (elem $more func $two $one)"
    " (type $i (func (result i32)))"
    " (func $one (type $i) (i32.const 1)) (func $two (type $i) (i32.const 2))"
    " (func (export \"init\") (i64.store (i32.const 70000) (i64.const -1))"
    "  (table.set $t (i32.const 3) (ref.func $two)) (global.set $g (i32.const 77))"
    "  (drop (memory.grow (i32.const 8))) (drop (table.grow $t (ref.func $one) (i32.const 2))))"
    " (func (export \"store\") (param i32 i32) (i32.store (local.get 0) (local.get 1)))"
    " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))"
    " (func (export \"fill\") (param i32 i32)"
    "  (memory.fill (local.get 0) (i32.const 0xee) (local.get 1)))"
    " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    " (func (export \"mess\")"
    "  (global.set $g (i32.const 1234)) (global.set $h (f64.const -1))"
    "  (global.set $r (ref.null func))"
    "  (table.set $t (i32.const 0) (ref.func $two)) (table.set $t (i32.const 3) (ref.null func))"
    "  (drop (table.grow $t (ref.null func) (i32.const 5)))"
    "  (memory.init $late (i32.const 9) (i32.const 0) (i32.const 4)) (data.drop $late)"
    "  (table.init $t $more (i32.const 1) (i32.const 0) (i32.const 2)) (elem.drop $more))"
    " (func (export \"at\") (param i32) (result i32) (call_indirect (type $i) (local.get 0)))"
    " (func (export \"trap\") (param i32) (i32.store (local.get 0) (i32.const 5)) unreachable))";

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct rewound {
    struct guest_module module;
    struct wasm_image *image;
};

static void rewound_init(struct rewound *r, enum wasm_tier tier)
{
    struct error err = ERROR_INIT;
    union wasm_value slots[2];
    guest_module_init(&r->module, text, tier, true);
    struct wasm_store *first = guest_store(NULL);
    struct wasm_instance *instance = guest_instantiate(&r->module, first, NULL);
    assert_int_equal(guest_call(instance, "init", slots), WASM_TRAP_NONE);
    assert_ok(wasm_image_take(first, &r->image, &err), &err);
    wasm_store_free(first);
}

static void rewound_release(struct rewound *r)
{
    wasm_image_unref(r->image);
    guest_module_release(&r->module);
}

static struct wasm_instance *rewound_instance(struct rewound *r, struct wasm_store **ret_store)
{
    struct error err = ERROR_INIT;
    *ret_store = guest_store(r->image);
    struct wasm_instance *instance = guest_instantiate(&r->module, *ret_store, NULL);
    assert_ok(wasm_store_restore(*ret_store, &err), &err);
    assert_ok(wasm_store_compare(*ret_store, &err), &err);
    return instance;
}

static void check_rewound(struct wasm_store *store)
{
    struct error err = ERROR_INIT;
    wasm_store_rewind(store);
    assert_ok(wasm_store_compare(store, &err), &err);
}

static uint32_t call2(const struct wasm_instance *i, const char *name, uint32_t a, uint32_t b)
{
    union wasm_value slots[2] = {{.i64 = a}, {.i64 = b}};
    assert_int_equal(guest_call(i, name, slots), WASM_TRAP_NONE);
    return slots[0].i32;
}

/* The state of the image is what the first store had, with its own references. */
static void test_image_has_state(void **state)
{
    struct rewound r;
    struct wasm_store *store;
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    struct wasm_instance *i = rewound_instance(&r, &store);
    assert_int_equal(i->memories[0]->size, 48 * WASM_PAGE);
    assert_int_equal(call2(i, "load", 70000, 0), 0xffffffff);
    assert_int_equal(call2(i, "load", 0, 0), 0x72617473);
    assert_int_equal(call2(i, "at", 3, 0), 2);
    assert_int_equal(call2(i, "at", 5, 0), 1);
    wasm_store_free(store);
    rewound_release(&r);
}

static void mess_and_rewind(enum wasm_tier tier)
{
    struct rewound r;
    struct wasm_store *store;
    uint64_t random = 0x9e3779b97f4a7c15u + tier;
    rewound_init(&r, tier);
    struct wasm_instance *i = rewound_instance(&r, &store);
    uint32_t size = (uint32_t)i->memories[0]->size;
    for (int round = 0; round < 700; round++) {
        unsigned kind = next_random(&random) % 8;
        unsigned writes = 1 + next_random(&random) % (kind == 7 ? 300 : 20);
        for (unsigned k = 0; k < writes; k++) /* most in a hot part */
            call2(i, "store", (uint32_t)next_random(&random) % (kind < 5 ? 200000 : size - 4),
                0xdeadbeef);
        if (kind == 1)
            call2(i, "mess", 0, 0);
        if (kind == 2) {
            assert_int_equal(call2(i, "grow", 3, 0), size / WASM_PAGE);
            call2(i, "store", size + 100000, 7);
        }
        if (kind == 3) {
            union wasm_value slots[2] = {{.i64 = 4096}};
            assert_int_equal(guest_call(i, "trap", slots), WASM_TRAP_UNREACHABLE);
        }
        if (kind == 6 && round % 50 == 0)
            call2(i, "fill", 0, size);
        check_rewound(store);
        assert_int_equal(i->memories[0]->size, size);
    }
    assert_int_equal(call2(i, "grow", 1, 0), size / WASM_PAGE);
    assert_int_equal(call2(i, "load", size + 34464, 0), 0); /* what was grown before is gone */
    wasm_store_free(store);
    rewound_release(&r);
}

static void test_mess_native(void **state)
{
    (void)state;
    mess_and_rewind(WASM_TIER_NATIVE);
}

static void test_mess_interpreter(void **state)
{
    (void)state;
    mess_and_rewind(WASM_TIER_INTERPRETER);
}

/* Writes of the host's own code and of library functions count like the guest's. */
static void test_host_writes(void **state)
{
    struct rewound r;
    struct wasm_store *store;
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    struct wasm_instance *i = rewound_instance(&r, &store);
    char bytes[20000];
    memset(bytes, 'x', sizeof(bytes));
    memcpy(i->memory_base + 3000, bytes, sizeof(bytes));
    assert_memory_equal(i->memory_base + 3000, bytes, sizeof(bytes));
    assert_int_equal(call2(i, "load", 3000, 0), 0x78787878);
    check_rewound(store);
    assert_int_equal(wasm_store_hot_pages(store), 6);
    /* The kernel does not fault: it reports an error, and nothing is written. */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "12345678", 8), 8);
    assert_int_equal(read(ends[0], i->memory_base + 1000000, 4), -1);
    assert_int_equal(read(ends[0], bytes, 4), 4);
    memcpy(i->memory_base + 1000000, bytes, 4);
    assert_memory_equal(i->memory_base + 1000000, "1234", 4);
    close(ends[0]);
    close(ends[1]);
    check_rewound(store);
    wasm_store_free(store);
    rewound_release(&r);
}

/* The second instance begins with the first one's hot pages writable; runs stay few. */
static void test_hot_set(void **state)
{
    struct rewound r;
    struct wasm_store *first, *second;
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    struct wasm_instance *a = rewound_instance(&r, &first);
    for (uint32_t k = 0; k < 100; k++)
        call2(a, "store", k * 5 * 4096, 1);
    const struct wasm_memory_pages *pages = a->memories[0]->pages;
    assert_in_range(pages->run_count, 1, WASM_RUNS);
    check_rewound(first);
    struct wasm_instance *b = rewound_instance(&r, &second);
    assert_in_range(b->memories[0]->pages->writable, 100, WASM_HOT_PAGES);
    assert_in_range(b->memories[0]->pages->run_count, 1, WASM_RUNS);
    check_rewound(second);
    wasm_store_free(first);
    wasm_store_free(second);
    rewound_release(&r);
}

/* How many pages of a range are mapped (/proc/self/pagemap, bit 63). */
static unsigned mapped_pages(const uint8_t *start, size_t count)
{
    uint64_t entries[256];
    assert_in_range(count, 1, countof(entries));
    int fd = open("/proc/self/pagemap", O_RDONLY);
    assert_true(fd >= 0);
    size_t size = count * sizeof(*entries);
    assert_int_equal(pread(fd, entries, size, (off_t)((uintptr_t)start / 4096 * 8)), size);
    close(fd);
    unsigned mapped = 0;
    for (size_t i = 0; i < count; i++)
        mapped += entries[i] >> 63;
    return mapped;
}

/* A page that is read is mapped alone, where the kernel offers that; system calls may read it. */
static void test_mapped_singly(void **state)
{
    struct rewound r;
    struct wasm_store *store;
    int ends[2];
    (void)state;
    int probe = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (probe < 0 || sysconf(_SC_PAGESIZE) != 4096)
        skip();
    close(probe);
    rewound_init(&r, WASM_TIER_NATIVE);
    store = guest_store(r.image);
    struct wasm_instance *i = guest_instantiate(&r.module, store, NULL);
    assert_int_equal(mapped_pages(i->memory_base + 65536, 16), 0);
    assert_int_equal(*(volatile uint8_t *)(i->memory_base + 70000), 0xff);
    assert_int_equal(mapped_pages(i->memory_base + 65536, 16), 1);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], i->memory_base + 100000, 10), 10);
    close(ends[0]);
    close(ends[1]);
    wasm_store_free(store);
    rewound_release(&r);
}

/* Pages that are no longer written are given up; a request that wrote much costs only itself. */
static void test_decay(void **state)
{
    struct rewound r;
    struct wasm_store *store;
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    struct wasm_instance *i = rewound_instance(&r, &store);
    for (uint32_t k = 0; k < 60; k++)
        call2(i, "store", k * 9 * 4096, 1);
    check_rewound(store);
    assert_true(wasm_store_hot_pages(store) >= 60);
    for (int k = 0; k < 2 * (WASM_REVIEW_INTERVAL + WASM_REVIEW_LENGTH); k++) {
        call2(i, "store", 8192, k + 1);
        call2(i, "store", 81920, k + 1);
        wasm_store_rewind(store);
    }
    check_rewound(store);
    assert_in_range(wasm_store_hot_pages(store), 2, 8);
    call2(i, "fill", 0, (uint32_t)i->memories[0]->size);
    check_rewound(store);
    check_rewound(store);
    assert_in_range(wasm_store_hot_pages(store), 1, WASM_HOT_PAGES);
    wasm_store_free(store);
    rewound_release(&r);
}

/* A difference is found and named. */
static void test_compare_finds(void **state)
{
    struct rewound r;
    struct wasm_store *store;
    struct error err = ERROR_INIT;
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    struct wasm_instance *i = rewound_instance(&r, &store);
    call2(i, "store", 123456, 9);
    assert_int_equal(wasm_store_compare(store, &err), -1);
    assert_string_equal(error_message(&err), "memory 0 differs at 0x1e240: 0x09, image 0x00");
    error_release(&err);
    wasm_store_rewind(store);
    call2(i, "mess", 0, 0);
    assert_int_equal(wasm_store_compare(store, &err), -1);
    error_release(&err);
    check_rewound(store);
    wasm_store_free(store);
    rewound_release(&r);
}

/* Threads with instances of one image do not meet. */
static void *run_thread(void *data)
{
    struct rewound *r = data;
    struct error err = ERROR_INIT;
    struct wasm_store *store;
    assert_ok(wasm_thread_init(&err), &err);
    struct wasm_instance *i = rewound_instance(r, &store);
    uint64_t random = (uintptr_t)store | 1;
    for (int k = 0; k < 300; k++) {
        uint32_t at = (uint32_t)next_random(&random) % 1000000;
        uint32_t value = (uint32_t)next_random(&random);
        call2(i, "store", at, value);
        assert_int_equal(call2(i, "load", at, 0), value);
        if (k % 7 == 0)
            call2(i, "grow", 2, 0);
        check_rewound(store);
    }
    wasm_store_free(store);
    wasm_thread_release();
    return NULL;
}

static void test_threads(void **state)
{
    struct rewound r;
    struct error err = ERROR_INIT;
    pthread_attr_t attributes;
    pthread_t threads[6];
    (void)state;
    rewound_init(&r, WASM_TIER_NATIVE);
    assert_ok(wasm_thread_attributes(&attributes, &err), &err);
    for (size_t k = 0; k < countof(threads); k++)
        assert_int_equal(pthread_create(&threads[k], &attributes, run_thread, &r), 0);
    for (size_t k = 0; k < countof(threads); k++)
        pthread_join(threads[k], NULL);
    pthread_attr_destroy(&attributes);
    rewound_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_has_state),
        cmocka_unit_test(test_mess_native),
        cmocka_unit_test(test_mess_interpreter),
        cmocka_unit_test(test_host_writes),
        cmocka_unit_test(test_hot_set),
        cmocka_unit_test(test_mapped_singly),
        cmocka_unit_test(test_decay),
        cmocka_unit_test(test_compare_finds),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
