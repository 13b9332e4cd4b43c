/*
 * Lifting and lowering as witc writes it: values of every kind go in and must come back as the
 * canonical ABI lays them out; each wrong bit pattern must trap.
 */
#include "fake.h"

#include "host/test_echo_values.h"

#define VALUES test_echo_values_interface

/* The hand-written part: what comes in goes out. */
#define ECHO(name, type)                                                                   \
    static enum wasm_trap_kind name(struct component_call *call, type v, type *ret_result) \
    {                                                                                      \
        (void)call;                                                                        \
        *ret_result = v;                                                                   \
        return WASM_TRAP_NONE;                                                             \
    }
ECHO(echo_shape, struct test_echo_values_shape)
ECHO(echo_points, struct test_echo_values_list_point)
ECHO(echo_u32, uint32_t)
ECHO(echo_s8, int8_t)
ECHO(echo_u16, uint16_t)
ECHO(echo_s64, int64_t)
ECHO(echo_f32, float)
ECHO(echo_f64, double)
ECHO(echo_bool, bool)
ECHO(echo_color, enum test_echo_values_color)
ECHO(echo_result, struct test_echo_values_result_void_void)
ECHO(echo_one, struct test_echo_values_tuple1_u32)

/* More than 16 flat values: parameters lie in memory, the record at 24. */
static enum wasm_trap_kind echo_nested(struct component_call *call, uint64_t unused_1,
    uint64_t unused_2, uint64_t unused_3, struct test_echo_values_nested v,
    struct test_echo_values_nested *ret_result)
{
    (void)call;
    (void)unused_1;
    (void)unused_2;
    (void)unused_3;
    *ret_result = v;
    return WASM_TRAP_NONE;
}

/* Adds up what is recognised, so that one number shows that all parameters arrived. */
static enum wasm_trap_kind many(struct component_call *call, uint64_t a, struct str b, struct str c,
    uint8_t d, float e, struct test_echo_values_point f, struct test_echo_values_shape g, int16_t h,
    uint64_t i, uint32_t j, uint64_t *ret_result)
{
    (void)call;
    *ret_result = a + (str_is(b, "text") ? 1000 : 0) + (c.len == 2 && c.ptr[1] == 7 ? 2000 : 0) +
                  d + (e == 0.5f ? 4000 : 0) + (f.x == -1 && f.y == 2.5 ? 8000 : 0) +
                  (f.color == TEST_ECHO_VALUES_COLOR_BLUE ? 16000 : 0) +
                  (g.tag == TEST_ECHO_VALUES_SHAPE_RATIO && g.ratio == 1.5f ? 32000 : 0) +
                  (h == -2 ? 64000 : 0) + i + j;
    return WASM_TRAP_NONE;
}

const struct test_echo_values_functions test_echo_values_functions = {
    .echo_shape = echo_shape,
    .echo_nested = echo_nested,
    .echo_points = echo_points,
    .echo_char = echo_u32,
    .echo_s8 = echo_s8,
    .echo_u16 = echo_u16,
    .echo_s64 = echo_s64,
    .echo_f32 = echo_f32,
    .echo_f64 = echo_f64,
    .echo_bool = echo_bool,
    .echo_bits = echo_u32,
    .echo_color = echo_color,
    .echo_result = echo_result,
    .echo_one = echo_one,
    .many = many,
};

static const struct wasi_config config;

static int start(void **state)
{
    (void)state;
    fake_start(&config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    fake_stop();
    return 0;
}

static void put_u32(uint32_t at, uint32_t value)
{
    host_store_u32(fake.memory + at, value);
}

static uint32_t reserve(uint32_t bytes)
{
    uint32_t at = fake.heap;
    fake.heap = (uint32_t)align_up(at + bytes, 16);
    return at;
}

/* A string's pointer and length at `at`. */
static void put_text(uint32_t at, const char *text)
{
    put_u32(at, fake_put(str_of(text)));
    put_u32(at + 4, (uint32_t)strlen(text));
}

static uint32_t f32_bits(float value)
{
    return host_f32_bits(value);
}

static void scalars(void **state)
{
    (void)state;
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-s8", 0x180), (uint32_t)-128);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-u16", 0x12345), 0x2345);
    assert_true(fake_get(&VALUES, "echo-s64", (uint64_t)-5) == (uint64_t)-5);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-f32", f32_bits(-0.0f)), 0x80000000);
    assert_true(fake_get(&VALUES, "echo-f64", host_f64_bits(1e300)) == host_f64_bits(1e300));
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-bool", 2), 1);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-bits", 0xffffffff), 0x1ff);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-one", 7), 7);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-result", 1), 1);
    fake_traps(VALUES, "echo-result", 2);
}

static void chars_and_enums(void **state)
{
    (void)state;
    static const uint32_t good[] = {0, 'a', 0xd7ff, 0xe000, 0x10ffff};
    static const uint32_t bad[] = {0xd800, 0xdfff, 0x110000, 0xffffffff};
    for (size_t i = 0; i < countof(good); i++)
        assert_int_equal((uint32_t)fake_get(&VALUES, "echo-char", good[i]), good[i]);
    for (size_t i = 0; i < countof(bad); i++)
        fake_traps(VALUES, "echo-char", bad[i]);
    assert_int_equal((uint32_t)fake_get(&VALUES, "echo-color", 2), 2);
    fake_traps(VALUES, "echo-color", 3);
    fake_traps(VALUES, "echo-color", 0x100); /* not cut to a byte first */
}

/* shape is flattened to: tag, then i64, f64 joined to i64, i32. */
static void variants_of_joined_values(void **state)
{
    (void)state;
    fake_call(VALUES, "echo-shape", 0, 99, 99, 99, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA], 0);
    fake_call(VALUES, "echo-shape", 1, 0x1ff, 0, 0, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA + 8], 0xff);
    fake_call(VALUES, "echo-shape", 2, INT64_MIN, 0, 0, FAKE_AREA);
    assert_true(host_load_u64(fake.memory + FAKE_AREA + 8) == (uint64_t)INT64_MIN);
    fake_call(VALUES, "echo-shape", 3, 0xffffffff00000000u | f32_bits(1.5f), 0, 0, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 8), f32_bits(1.5f));
    fake_call(VALUES, "echo-shape", 4, fake_put(STR("name")), 4, 0, FAKE_AREA);
    assert_true(str_is(fake_text(FAKE_AREA + 8), "name"));
    fake_call(VALUES, "echo-shape", 5, (uint64_t)-3, host_f64_bits(2.5), 1, FAKE_AREA);
    assert_int_equal(fake.memory[FAKE_AREA + 8], 0xfd);
    assert_true(host_load_u64(fake.memory + FAKE_AREA + 16) == host_f64_bits(2.5));
    assert_int_equal(fake.memory[FAKE_AREA + 24], 1);
    fake_traps(VALUES, "echo-shape", 6, 0, 0, 0, FAKE_AREA);
    fake_traps(VALUES, "echo-shape", 0x100, 0, 0, 0, FAKE_AREA);
    fake_traps(VALUES, "echo-shape", 4, FAKE_MEMORY, 1, 0, FAKE_AREA);
    fake_traps(VALUES, "echo-shape", 5, 0, 0, 3, FAKE_AREA);
    fake_traps(VALUES, "echo-shape", 0, 0, 0, 0, FAKE_AREA + 4);
}

enum { POINT_SIZE = 24, SHAPE_SIZE = 32 };

static void lists_of_records(void **state)
{
    (void)state;
    enum { COUNT = 100 }; /* more than fit on the wrapper's stack */
    uint32_t list = reserve(COUNT * POINT_SIZE);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t at = list + i * POINT_SIZE;
        fake.memory[at] = (uint8_t)i;
        host_store_f64(fake.memory + at + 8, i * 0.5);
        fake.memory[at + 16] = (uint8_t)(i % 3);
    }
    fake_call(VALUES, "echo-points", list, COUNT, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t at = fake_u32(FAKE_AREA) + i * POINT_SIZE;
        assert_int_equal(fake.memory[at], i);
        assert_true(host_load_f64(fake.memory + at + 8) == i * 0.5);
        assert_int_equal(fake.memory[at + 16], i % 3);
    }
    fake.memory[list + 99 * POINT_SIZE + 16] = 3;
    fake_traps(VALUES, "echo-points", list, COUNT, FAKE_AREA);
    fake_traps(VALUES, "echo-points", list + 4, 1, FAKE_AREA);
    fake_traps(VALUES, "echo-points", FAKE_MEMORY - POINT_SIZE, 2, FAKE_AREA);
    fake_traps(VALUES, "echo-points", list, 0xb000000, FAKE_AREA); /* 24 times that wraps */
    /* The copy does not fit into the guest. */
    memset(fake.memory + list, 0, FAKE_MEMORY - list);
    fake_traps(VALUES, "echo-points", list, (FAKE_MEMORY - list) / POINT_SIZE, FAKE_AREA);
    /* An empty list may point anywhere inside, and costs no allocation. */
    uint32_t heap = fake.heap;
    fake_call(VALUES, "echo-points", 0, 0, FAKE_AREA);
    assert_int_equal(fake_u32(FAKE_AREA + 4), 0);
    assert_int_equal(fake.heap, heap);
}

/* Offsets of the record `nested`. */
enum {
    LISTS = 0,
    SHAPES = 8,
    MAYBE = 16,
    EITHER = 24,
    PAIR = 40,
    BITS = 56,
    WIDE = 60,
    NESTED_SIZE = 64
};

static uint32_t put_nested(void)
{
    uint32_t record = reserve(24 + NESTED_SIZE) + 24, outer = reserve(16), inner = reserve(16),
             shapes = reserve(2 * SHAPE_SIZE);
    put_u32(record + LISTS, outer);
    put_u32(record + LISTS + 4, 2);
    put_u32(outer, inner);
    put_u32(outer + 4, 2);
    put_u32(outer + 8, 0);
    put_u32(outer + 12, 0);
    put_text(inner, "first");
    put_text(inner + 8, "");
    put_u32(record + SHAPES, shapes);
    put_u32(record + SHAPES + 4, 2);
    fake.memory[shapes] = TEST_ECHO_VALUES_SHAPE_NAME;
    put_text(shapes + 8, "shape");
    fake.memory[shapes + SHAPE_SIZE] = TEST_ECHO_VALUES_SHAPE_SMALL;
    fake.memory[shapes + SHAPE_SIZE + 8] = 200;
    fake.memory[record + MAYBE] = 1;
    fake.memory[record + MAYBE + 2] = 1;
    fake.memory[record + MAYBE + 4] = 42;
    put_u32(record + EITHER + 4, 0x1f600);
    fake.memory[record + PAIR] = 1;
    host_store_u64(fake.memory + record + PAIR + 8, UINT64_MAX);
    fake.memory[record + BITS] = 0x81;
    put_u32(record + WIDE, 0x20001);
    return record;
}

static void nested_values(void **state)
{
    (void)state;
    uint32_t record = put_nested();
    fake_call(VALUES, "echo-nested", record - 24, FAKE_AREA);
    uint32_t outer = fake_u32(FAKE_AREA + LISTS), shapes = fake_u32(FAKE_AREA + SHAPES);
    assert_int_not_equal(outer, fake_u32(record + LISTS));
    assert_int_equal(fake_u32(FAKE_AREA + LISTS + 4), 2);
    assert_true(str_is(fake_text(fake_u32(outer)), "first"));
    assert_true(str_is(fake_text(fake_u32(outer) + 8), ""));
    assert_int_equal(fake_u32(outer + 12), 0);
    assert_int_equal(fake.memory[shapes], TEST_ECHO_VALUES_SHAPE_NAME);
    assert_true(str_is(fake_text(shapes + 8), "shape"));
    assert_int_equal(fake.memory[shapes + SHAPE_SIZE + 8], 200);
    assert_int_equal(fake.memory[FAKE_AREA + MAYBE], 1);
    assert_int_equal(fake.memory[FAKE_AREA + MAYBE + 2], 1);
    assert_int_equal(fake.memory[FAKE_AREA + MAYBE + 4], 42);
    assert_int_equal(fake.memory[FAKE_AREA + EITHER], 0);
    assert_int_equal(fake_u32(FAKE_AREA + EITHER + 4), 0x1f600);
    assert_int_equal(fake.memory[FAKE_AREA + PAIR], 1);
    assert_true(host_load_u64(fake.memory + FAKE_AREA + PAIR + 8) == UINT64_MAX);
    assert_int_equal(fake.memory[FAKE_AREA + BITS], 0x81);
    assert_int_equal(fake_u32(FAKE_AREA + WIDE), 0x20001);
}

static void hostile_nested_values(void **state)
{
    (void)state;
    static const struct {
        uint32_t at, value;
    } faults[] = {{LISTS, FAKE_MEMORY - 4}, {LISTS, 2}, {LISTS + 4, 0x20000000},
        {LISTS + 4, 0xffffffff}, {SHAPES, FAKE_MEMORY}, {SHAPES, 4}, {MAYBE, 2}, {MAYBE, 0x20001},
        {EITHER, 2}, {EITHER + 4, 0xd800}};
    for (size_t i = 0; i < countof(faults); i++) {
        fake.heap = FAKE_HEAP;
        memset(fake.memory, 0, FAKE_MEMORY);
        uint32_t record = put_nested();
        put_u32(record + faults[i].at, faults[i].value);
        if (fake_try(VALUES, "echo-nested", record - 24, FAKE_AREA) != WASM_TRAP_COMPONENT)
            fail_msg("0x%x at %u is let through", faults[i].value, faults[i].at);
    }
    fake.heap = FAKE_HEAP;
    uint32_t record = put_nested();
    uint32_t inner = fake_u32(fake_u32(record + LISTS));
    fake.memory[fake_u32(inner)] = 0xff; /* no UTF-8 */
    fake_traps(VALUES, "echo-nested", record - 24, FAKE_AREA);
    fake_traps(VALUES, "echo-nested", record - 20, FAKE_AREA);
    fake_traps(VALUES, "echo-nested", FAKE_MEMORY - 32, FAKE_AREA);
}

/* 17 flat values: parameters are in memory. */
static void many_parameters(void **state)
{
    (void)state;
    uint32_t args = reserve(112);
    uint8_t *at = fake.memory + args;
    host_store_u64(at, 5);
    put_text(args + 8, "text");
    put_text(args + 16, "\x01\x07");
    at[24] = 3;
    host_store_f32(at + 28, 0.5f);
    at[32] = 0xff;
    host_store_f64(at + 40, 2.5);
    at[48] = TEST_ECHO_VALUES_COLOR_BLUE;
    at[56] = TEST_ECHO_VALUES_SHAPE_RATIO;
    host_store_f32(at + 64, 1.5f);
    host_store_u16(at + 88, (uint16_t)-2);
    host_store_u64(at + 96, 100000000);
    put_u32(args + 104, 10000000);
    assert_int_equal(fake_get(&VALUES, "many", args), 110127008);
    fake_traps(VALUES, "many", args + 4);
    fake_traps(VALUES, "many", FAKE_MEMORY - 64);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(scalars),
        TEST(chars_and_enums),
        TEST(variants_of_joined_values),
        TEST(lists_of_records),
        TEST(nested_values),
        TEST(hostile_nested_values),
        TEST(many_parameters),
    };
    return cmocka_run_group_tests_name("witc/echo", tests, NULL, NULL);
}
