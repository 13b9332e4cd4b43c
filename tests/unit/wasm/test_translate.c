/*
 * Translated code: the same results as the interpreter's, in both forms of memory access.
 */
#include "guest.h"

/* Every instruction class, with control flow that carries values. */
static const char numbers[] =
    "(module"
    "  (memory (export \"m\") 1 3)"
    "  (global $g (mut i32) (i32.const 7)) (global $h (mut f64) (f64.const 1.5))"
    "  (type $bin (func (param i32 i32) (result i32)))"
    "  (table 4 funcref) (elem (i32.const 0) $add $sub)"
    "  (data (i32.const 16) \"\\01\\02\\03\\04\\05\\06\\07\\88\\ff\")"
    "  (func $add (type $bin) (i32.add (local.get 0) (local.get 1)))"
    "  (func $sub (type $bin) (i32.sub (local.get 0) (local.get 1)))"
    "  (func $pair (param i64) (result i64 f32)"
    "    (i64.add (local.get 0) (i64.const 1)) (f32.convert_i64_s (local.get 0)))"
    "  (func (export \"run\") (param $a i32) (param $b i32) (result i64)"
    "    (local $sum i64) (local $i i32) (local $f f64) (local $s f32)"
    "    (local.set $i (i32.and (local.get $b) (i32.const 15)))"
    "    (block $out (loop $next"
    "      (br_if $out (i32.eqz (local.get $i)))"
    "      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))"
    "        (i64.extend_i32_s (call_indirect (type $bin) (local.get $a) (local.get $i)"
    "          (i32.and (local.get $i) (i32.const 1))))))"
    "      (local.set $i (i32.sub (local.get $i) (i32.const 1)))"
    "      (br $next)))"
    "    (block $c (block $b2 (block $a2"
    "      (br_table $a2 $b2 $c (i32.rem_u (local.get $a) (i32.const 5))))"
    "      (local.set $sum (i64.xor (local.get $sum) (i64.const 0x5555))) (br $c))"
    "      (local.set $sum (i64.rotl (local.get $sum) (i64.const 13))))"
    "    (local.set $f (f64.nearest (f64.div (f64.convert_i32_s (local.get $a))"
    "      (f64.convert_i32_u (i32.or (local.get $b) (i32.const 1))))))"
    "    (call $pair (i64.extend_i32_s (local.get $b)))"
    "    (local.set $s) (local.set $sum (i64.add (local.get $sum)))"
    "    (local.set $sum (i64.add (local.get $sum) (i64.trunc_sat_f64_s (f64.mul (local.get $f)"
    "      (f64.min (f64.promote_f32 (local.get $s)) (f64.const -0.0))))))"
    "    (i32.store16 offset=3 (i32.and (local.get $a) (i32.const 0xfff)) (local.get $b))"
    "    (local.set $sum (i64.add (local.get $sum)"
    "      (i64.load32_s (i32.and (local.get $a) (i32.const 0xfff)))))"
    "    (local.set $sum (i64.add (local.get $sum) (i64.load16_s offset=18 (i32.const 4))))"
    "    (memory.copy (i32.const 100) (i32.const 16) (i32.const 9))"
    "    (memory.fill (i32.const 104) (i32.const 0xab) (i32.const 2))"
    "    (local.set $sum (i64.add (local.get $sum) (i64.load (i32.const 100))))"
    "    (global.set $g (i32.add (global.get $g) (local.get $a)))"
    "    (global.set $h (f64.sqrt (f64.abs (f64.add (global.get $h) (local.get $f)))))"
    "    (local.set $sum (i64.add (local.get $sum) (i64.reinterpret_f64 (global.get $h))))"
    "    (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (global.get $g))))"
    "    (i64.add (local.get $sum) (if (result i64) (i32.gt_s (local.get $a) (local.get $b))"
    "      (then (i64.clz (local.get $sum))) (else (i64.popcnt (local.get $sum)))))))";

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void same_as_interpreter(bool use_gs)
{
    struct guest_module oracle, native;
    guest_module_init(&oracle, numbers, WASM_TIER_INTERPRETER, false);
    guest_module_init(&native, numbers, WASM_TIER_NATIVE, use_gs);
    struct wasm_store *a = guest_store(NULL), *b = guest_store(NULL);
    struct wasm_instance *left = guest_instantiate(&oracle, a, NULL);
    struct wasm_instance *right = guest_instantiate(&native, b, NULL);
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 2000; i++) {
        union wasm_value x[2], y[2];
        x[0].i64 = y[0].i64 = (uint32_t)next_random(&random);
        x[1].i64 = y[1].i64 = (uint32_t)next_random(&random);
        assert_int_equal(guest_call(left, "run", x), WASM_TRAP_NONE);
        assert_int_equal(guest_call(right, "run", y), WASM_TRAP_NONE);
        assert_int_equal(x[0].i64, y[0].i64);
    }
    assert_memory_equal(left->memory_base, right->memory_base, left->memories[0]->size);
    wasm_store_free(a);
    wasm_store_free(b);
    guest_module_release(&oracle);
    guest_module_release(&native);
}

static void test_same_as_interpreter_gs(void **state)
{
    (void)state;
    same_as_interpreter(true);
}

static void test_same_as_interpreter_base(void **state)
{
    (void)state;
    same_as_interpreter(false);
}

static const char traps[] =
    "(module (memory 1) (table 3 funcref) (elem (i32.const 0) $f)"
    "  (type $v (func)) (type $i (func (result i32)))"
    "  (func $f)"
    "  (func (export \"unreachable\") unreachable)"
    "  (func (export \"load\") (param i32) (result i32) (i32.load offset=0xfffffff0 (local.get 0)))"
    "  (func (export \"store\") (param i32) (i64.store (local.get 0) (i64.const 1)))"
    "  (func (export \"dropped\") (param i32) (drop (i32.load8_u (local.get 0))))"
    "  (func (export \"div\") (param i32 i32) (result i32)"
    "    (i32.div_s (local.get 0) (local.get 1)))"
    "  (func (export \"trunc\") (param f32) (result i32) (i32.trunc_f32_u (local.get 0)))"
    "  (func (export \"element\") (param i32) (call_indirect (type $v) (local.get 0)))"
    "  (func (export \"type\") (drop (call_indirect (type $i) (i32.const 0))))"
    "  (func (export \"get\") (param i32) (drop (table.get (local.get 0))))"
    "  (func $deep (export \"deep\") (param i32) (result i32)"
    "    (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))"
    "  (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))";

static void expect(const struct wasm_instance *instance, const char *name, uint32_t a, uint32_t b,
    enum wasm_trap_kind kind)
{
    union wasm_value slots[2] = {{.i64 = a}, {.i64 = b}};
    assert_int_equal(guest_call(instance, name, slots), kind);
}

static void check_traps(enum wasm_tier tier, bool use_gs)
{
    struct guest_module module;
    guest_module_init(&module, traps, tier, use_gs);
    struct wasm_store *store = guest_store(NULL);
    struct wasm_instance *i = guest_instantiate(&module, store, NULL);
    expect(i, "unreachable", 0, 0, WASM_TRAP_UNREACHABLE);
    expect(i, "load", 0, 0, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    expect(i, "load", 0xffffffff, 0, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    expect(i, "store", 65529, 0, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    expect(i, "store", 65528, 0, WASM_TRAP_NONE);
    expect(i, "dropped", 65536, 0, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    expect(i, "div", 1, 0, WASM_TRAP_DIVIDE_BY_ZERO);
    expect(i, "div", 0x80000000, 0xffffffff, WASM_TRAP_INTEGER_OVERFLOW);
    expect(i, "trunc", 0x7fc00000, 0, WASM_TRAP_INVALID_CONVERSION);
    expect(i, "trunc", 0x4f800000, 0, WASM_TRAP_INTEGER_OVERFLOW);
    expect(i, "element", 0, 0, WASM_TRAP_NONE);
    expect(i, "element", 1, 0, WASM_TRAP_UNINITIALIZED_ELEMENT);
    expect(i, "element", 3, 0, WASM_TRAP_UNDEFINED_ELEMENT);
    expect(i, "type", 0, 0, WASM_TRAP_INDIRECT_CALL_TYPE);
    expect(i, "get", 3, 0, WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    expect(i, "deep", 0, 0, WASM_TRAP_STACK_EXHAUSTED);
    expect(i, "grow", 1, 0, WASM_TRAP_NONE);
    expect(i, "store", 65529, 0, WASM_TRAP_NONE);
    expect(i, "store", 131065, 0, WASM_TRAP_OUT_OF_BOUNDS_MEMORY);
    wasm_store_free(store);
    guest_module_release(&module);
}

static void test_traps(void **state)
{
    (void)state;
    check_traps(WASM_TIER_INTERPRETER, false);
    check_traps(WASM_TIER_NATIVE, true);
    check_traps(WASM_TIER_NATIVE, false);
}

/* An exported function of two instances with memories of their own, called from a third through its
 * table: gs must follow. */
static void test_memories_follow_calls(void **state)
{
    static const char callee[] =
        "(module (memory 1) (func (export \"set\") (param i32) (i32.store (i32.const 8)"
        " (local.get 0))) (func (export \"get\") (result i32) (i32.load (i32.const 8))))";
    static const char caller[] =
        "(module (import \"a\" \"set\" (func $as (param i32))) (import \"a\" \"get\""
        " (func $ag (result i32))) (import \"b\" \"set\" (func $bs (param i32)))"
        " (memory 1) (table 1 funcref) (elem (i32.const 0) $ag) (type $r (func (result i32)))"
        " (func (export \"run\") (result i32)"
        "  (i32.store (i32.const 8) (i32.const 100)) (call $as (i32.const 20))"
        "  (call $bs (i32.const 3))"
        "  (i32.add (i32.load (i32.const 8)) (i32.add (call $ag)"
        "   (call_indirect (type $r) (i32.const 0))))))";
    struct guest_module inner, outer;
    (void)state;
    for (int tier = 0; tier < 4; tier++) {
        guest_module_init(&inner, callee, tier & 1, true);
        guest_module_init(&outer, caller, tier >> 1, true);
        struct wasm_store *store = guest_store(NULL);
        struct wasm_instance *a = guest_instantiate(&inner, store, NULL);
        struct wasm_instance *b = guest_instantiate(&inner, store, NULL);
        struct wasm_extern imports[3] = {{.kind = WASM_EXTERN_FUNC, .func = guest_func(a, "set")},
            {.kind = WASM_EXTERN_FUNC, .func = guest_func(a, "get")},
            {.kind = WASM_EXTERN_FUNC, .func = guest_func(b, "set")}};
        struct wasm_instance *c = guest_instantiate(&outer, store, imports);
        union wasm_value slots[1];
        assert_int_equal(guest_call(c, "run", slots), WASM_TRAP_NONE);
        assert_int_equal(slots[0].i32, 140);
        assert_int_equal(guest_call(b, "get", slots), WASM_TRAP_NONE);
        assert_int_equal(slots[0].i32, 3);
        wasm_store_free(store);
        guest_module_release(&outer);
        guest_module_release(&inner);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_interpreter_gs),
        cmocka_unit_test(test_same_as_interpreter_base),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_memories_follow_calls),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
