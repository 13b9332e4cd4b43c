/*
 * Components made of components: nesting, aliases, several memories, strings in different
 * encodings, resources of one component used by another.
 */
#include "fixture.h"

/* A memory with an allocator that only goes up; every part of the tests has one of these. */
#define MEMORY                                                                            \
    "(memory (export \"memory\") 1) (global $next (mut i32) (i32.const 1024))"            \
    "(func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (local $p i32)"      \
    " (local.set $p (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))" \
    " (global.set $next (i32.add (local.get $p) (local.get 3)))"                          \
    " (memory.copy (local.get $p) (local.get 0) (local.get 1))"                           \
    " (local.get $p))"

/* `length` answers code units * 1000 + the sum of the bytes, as its own memory has the string. */
#define MEASURE(encoding)                                                                      \
    "(component $Measure"                                                                      \
    " (core module $M " MEMORY                                                                 \
    "  (func (export \"length\") (param i32 i32) (result i32) (local $sum i32) (local $i i32)" \
    "   (local.set $i (i32.mul (i32.and (local.get 1) (i32.const 0x7fffffff))"                 \
    "    (i32.const " encoding ")))"                                                           \
    "   (block (loop (br_if 1 (i32.eqz (local.get $i)))"                                       \
    "    (local.set $i (i32.sub (local.get $i) (i32.const 1)))"                                \
    "    (local.set $sum (i32.add (local.get $sum)"                                            \
    "     (i32.load8_u (i32.add (local.get 0) (local.get $i))))) (br 0)))"                     \
    "   (i32.add (i32.mul (local.get 1) (i32.const 1000)) (local.get $sum))))"                 \
    " (core instance $m (instantiate $M))"

#define LIFT(options)                                                          \
    " (func (export \"length\") (param \"s\" string) (result u32) (canon lift" \
    "  (core func $m \"length\") (memory (core memory $m \"memory\"))"         \
    "  (realloc (core func $m \"realloc\")) " options ")))"

/* Calls it with "aé" in its own memory. */
#define CALLER(options, data, units)                                                        \
    "(component $Caller"                                                                    \
    " (import \"length\" (func $length (param \"s\" string) (result u32)))"                 \
    " (core module $Memory " MEMORY " (data (i32.const 16) \"" data "\"))"                  \
    " (core instance $memory (instantiate $Memory))"                                        \
    " (core func $l (canon lower (func $length) (memory (core memory $memory \"memory\"))"  \
    "  " options "))"                                                                       \
    " (core module $M (import \"\" \"l\" (func $l (param i32 i32) (result i32)))"           \
    "  (func (export \"run\") (param i32) (result i32)"                                     \
    "   (call $l (i32.const 16) (i32.const " units "))))"                                   \
    " (core instance $m (instantiate $M (with \"\" (instance (export \"l\" (func $l))))))"  \
    " (func (export \"run\") (param \"x\" u32) (result u32)"                                \
    "  (canon lift (core func $m \"run\"))))"                                               \
    "(instance $measure (instantiate $Measure))"                                            \
    "(instance $caller (instantiate $Caller (with \"length\" (func $measure \"length\"))))" \
    "(func (export \"run\") (alias export $caller \"run\"))"

#define UTF8_TEXT  "a\\c3\\a9"
#define UTF16_TEXT "a\\00\\e9\\00"

static void strings_are_recoded_between_memories(void **state)
{
    (void)state;
    static const uint32_t utf8 = 3000 + 0x61 + 0xc3 + 0xa9, wide = 2000 + 0x61 + 0xe9;
    static const struct {
        const char *wat;
        uint32_t expected;
    } cases[] = {
        {"(component " MEASURE("1") LIFT("") CALLER("", UTF8_TEXT, "3") ")", utf8},
        {"(component " MEASURE("2") LIFT("string-encoding=utf16") CALLER("", UTF8_TEXT, "3") ")",
            wide},
        {"(component " MEASURE("1") LIFT("") CALLER("string-encoding=utf16", UTF16_TEXT, "2") ")",
            utf8},
        {"(component " MEASURE("2") LIFT("string-encoding=utf16")
                CALLER("string-encoding=utf16", UTF16_TEXT, "2") ")",
            wide},
        {"(component " MEASURE("1") LIFT("string-encoding=latin1+utf16")
                CALLER("", UTF8_TEXT, "3") ")",
            wide},
        {"(component " MEASURE("1") LIFT("string-encoding=latin1+utf16")
                CALLER("string-encoding=latin1+utf16", UTF16_TEXT, "0x80000002") ")",
            wide},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct fixture f;
        fixture_start(&f, cases[i].wat);
        if (call(&f, "run", 0) != cases[i].expected)
            fail_msg("case %zu: %u", i, call(&f, "run", 0));
        fixture_end(&f);
    }
}

static void broken_strings_trap(void **state)
{
    (void)state;
    static const struct {
        const char *wat, *text;
    } cases[] = {
        {"(component " MEASURE("1") LIFT("") CALLER("", "a\\ff", "2") ")", "utf-8"},
        {"(component " MEASURE("1") LIFT("") CALLER("", "a", "0x10000000") ")", "too long"},
        {"(component " MEASURE("1") LIFT("") CALLER("", "a", "0xfffff") ")", "out-of-bounds"},
        {"(component " MEASURE("1") LIFT("") CALLER("string-encoding=utf16", "\\00\\d8", "1") ")",
            "utf-16"},
        {"(component " MEASURE("1") LIFT("")
                CALLER("string-encoding=utf16", "\\00\\dc\\00\\d8", "2") ")",
            "utf-16"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct fixture f;
        fixture_start(&f, cases[i].wat);
        call_traps(&f, "run", 0, cases[i].text);
        fixture_end(&f);
    }
}

/* Two memories in one component, each function with its own. */
static void each_option_names_its_memory(void **state)
{
    (void)state;
    struct fixture f;
    fixture_start(&f,
        "(component"
        " (import \"test:host/counters@0.2.0\" (instance $h"
        "  (export \"twice\" (func (param \"text\" string) (result string)))))"
        " (core module $A " MEMORY " (data (i32.const 16) \"xy\"))"
        " (core module $B " MEMORY " (data (i32.const 16) \"zz\"))"
        " (core instance $a (instantiate $A)) (core instance $b (instantiate $B))"
        " (core func $ta (canon lower (func $h \"twice\") (memory (core memory $a \"memory\"))"
        "  (realloc (core func $a \"realloc\"))))"
        " (core func $tb (canon lower (func $h \"twice\") (memory (core memory $b \"memory\"))"
        "  (realloc (core func $b \"realloc\"))))"
        " (core module $M (import \"\" \"a\" (memory $a 1)) (import \"\" \"b\" (memory $b 1))"
        "  (import \"\" \"ta\" (func $ta (param i32 i32 i32)))"
        "  (import \"\" \"tb\" (func $tb (param i32 i32 i32)))"
        "  (func (export \"run\") (param i32) (result i32)"
        "   (call $ta (i32.const 16) (i32.const 2) (i32.const 8))"
        "   (call $tb (i32.const 16) (i32.const 1) (i32.const 8))"
        "   (i32.add"
        "    (i32.mul (i32.const 65536) (i32.load16_u $a (i32.load $a (i32.const 8))))"
        "    (i32.load16_u $b (i32.load $b (i32.const 8))))))"
        " (core instance $m (instantiate $M (with \"\" (instance"
        "  (export \"a\" (memory $a \"memory\")) (export \"b\" (memory $b \"memory\"))"
        "  (export \"ta\" (func $ta)) (export \"tb\" (func $tb))))))"
        " (func (export \"run\") (param \"x\" u32) (result u32)"
        "  (canon lift (core func $m \"run\"))))");
    assert_int_equal(call(&f, "run", 0), 0x79780000 + 0x7a7a);
    fixture_end(&f);
}

static void instances_nest_and_alias_outwards(void **state)
{
    (void)state;
    struct fixture f;
    fixture_start(&f,
        "(component $Outer"
        " (core module $One (func (export \"f\") (param i32) (result i32)"
        "  (i32.add (local.get 0) (i32.const 1))))"
        " (type $F (func (param \"x\" u32) (result u32)))"
        " (component $Leaf"
        "  (alias outer $Outer $One (core module $m))"
        "  (alias outer $Outer $F (type $f))"
        "  (core instance $i (instantiate $m))"
        "  (func (export \"f\") (type $f) (canon lift (core func $i \"f\"))))"
        " (component $Twice"
        "  (import \"i\" (instance $i (export \"f\" (func (param \"x\" u32) (result u32)))))"
        "  (core func $g (canon lower (func $i \"f\")))"
        "  (core module $M (import \"\" \"g\" (func $g (param i32) (result i32)))"
        "   (func (export \"f\") (param i32) (result i32) (call $g (call $g (local.get 0)))))"
        "  (core instance $m (instantiate $M (with \"\" (instance (export \"g\" (func $g))))))"
        "  (func $f (param \"x\" u32) (result u32) (canon lift (core func $m \"f\")))"
        "  (instance $e (export \"f\" (func $f)))"
        "  (export \"e\" (instance $e)))"
        " (instance $leaf (instantiate $Leaf))"
        " (instance $two (instantiate $Twice (with \"i\" (instance $leaf))))"
        " (alias export $two \"e\" (instance $e))"
        " (instance $four (instantiate $Twice (with \"i\" (instance $e))))"
        " (alias export $four \"e\" (instance $out))"
        " (export \"ns:pkg/calc\" (instance $out))"
        " (func (export \"run\") (alias export $out \"f\")))");
    assert_int_equal(call(&f, "run", 10), 14);
    union wasm_value slots[1] = {{.i64 = 1}};
    struct component_func *func = component_instance_func(f.instance, STR("ns:pkg/calc"), STR("f"));
    assert_non_null(func);
    assert_int_equal(component_call_flat(func, slots, &f.trap), 0);
    assert_int_equal(slots[0].i32, 5);
    assert_null(component_instance_func(f.instance, STR("ns:pkg/other"), STR("f")));
    fixture_end(&f);
}

/* A resource with a destructor, and a client that owns, lends and misuses it. */
static const char resources[] =
    "(component"
    " (component $Owner"
    "  (core module $D (global $drops (mut i32) (i32.const 0))"
    "   (func (export \"dtor\") (param i32)"
    "    (global.set $drops (i32.add (global.get $drops) (local.get 0))))"
    "   (func (export \"drops\") (result i32) (global.get $drops)))"
    "  (core instance $d (instantiate $D))"
    "  (type $r (resource (rep i32) (dtor (core func $d \"dtor\"))))"
    "  (core func $new (canon resource.new $r))"
    "  (core module $M (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "   (func (export \"make\") (param i32) (result i32) (call $new (local.get 0)))"
    "   (func (export \"read\") (param i32) (result i32) (local.get 0)))"
    "  (core instance $m (instantiate $M (with \"\" (instance (export \"new\" (func $new))))))"
    "  (export $e \"r\" (type $r))"
    "  (func (export \"make\") (param \"x\" u32) (result (own $e))"
    "   (canon lift (core func $m \"make\")))"
    "  (func (export \"read\") (param \"x\" (borrow $e)) (result u32)"
    "   (canon lift (core func $m \"read\")))"
    "  (func (export \"drops\") (result u32) (canon lift (core func $d \"drops\"))))"
    " (component $Client"
    "  (import \"o\" (instance $o (export \"r\" (type $r (sub resource)))"
    "   (export \"make\" (func (param \"x\" u32) (result (own $r))))"
    "   (export \"read\" (func (param \"x\" (borrow $r)) (result u32)))"
    "   (export \"drops\" (func (result u32)))))"
    "  (alias export $o \"r\" (type $r))"
    "  (core func $make (canon lower (func $o \"make\")))"
    "  (core func $read (canon lower (func $o \"read\")))"
    "  (core func $drops (canon lower (func $o \"drops\")))"
    "  (core func $drop (canon resource.drop $r))"
    "  (core module $M (import \"\" \"make\" (func $make (param i32) (result i32)))"
    "   (import \"\" \"read\" (func $read (param i32) (result i32)))"
    "   (import \"\" \"drop\" (func $drop (param i32)))"
    "   (import \"\" \"drops\" (func $drops (result i32)))"
    "   (func (export \"run\") (param i32) (result i32) (local $h i32)"
    "    (local.set $h (call $make (local.get 0)))"
    "    (i32.mul (i32.const 100) (call $read (local.get $h)))"
    "    (call $drop (local.get $h))"
    "    (i32.add (call $drops)))"
    "   (func (export \"again\") (param i32) (result i32) (local $h i32)"
    "    (local.set $h (call $make (local.get 0)))"
    "    (call $drop (local.get $h)) (call $read (local.get $h))))"
    "  (core instance $m (instantiate $M (with \"\" (instance (export \"make\" (func $make))"
    "   (export \"read\" (func $read)) (export \"drop\" (func $drop))"
    "   (export \"drops\" (func $drops))))))"
    "  (func (export \"run\") (param \"x\" u32) (result u32) (canon lift (core func $m \"run\")))"
    "  (func (export \"again\") (param \"x\" u32) (result u32)"
    "   (canon lift (core func $m \"again\"))))"
    " (instance $o (instantiate $Owner))"
    " (instance $c (instantiate $Client (with \"o\" (instance $o))))"
    " (func (export \"run\") (alias export $c \"run\"))"
    " (func (export \"again\") (alias export $c \"again\")))";

static void resources_cross_components(void **state)
{
    (void)state;
    struct fixture f;
    fixture_rewindable(&f, resources);
    assert_int_equal(call(&f, "run", 7), 707);
    assert_int_equal(call(&f, "run", 8), 815);
    call_traps(&f, "again", 1, "unknown handle index 1");
    component_instance_rewind(f.instance);
    assert_int_equal(component_instance_compare(f.instance, &f.err), 0);
    assert_int_equal(call(&f, "run", 7), 707);
    fixture_end(&f);
}

/* A list's elements are read once: what the callee's realloc does to its own memory is its own. */
static void a_callee_with_a_hostile_realloc_is_stopped(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *text;
    } cases[] = {{"(i32.const 3)", "not aligned"}, {"(i32.const 65528)", "beyond end"},
        {"(unreachable)", "unreachable"}, {"(loop (result i32) (br 0))", "time is over"}};
    for (size_t i = 0; i < countof(cases); i++) {
        struct fixture f;
        char wat[4096];
        snprintf(wat, sizeof(wat),
            "(component (component $Callee (core module $M (memory (export \"memory\") 1)"
            "  (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) %s)"
            "  (func (export \"f\") (param i32 i32)))"
            "  (core instance $m (instantiate $M))"
            "  (func (export \"f\") (param \"x\" (list u64)) (canon lift (core func $m \"f\")"
            "   (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\")))))"
            " (component $Caller (import \"f\" (func $f (param \"x\" (list u64))))"
            "  (core module $Memory (memory (export \"memory\") 1))"
            "  (core instance $memory (instantiate $Memory))"
            "  (core func $g (canon lower (func $f) (memory (core memory $memory \"memory\"))))"
            "  (core module $M (import \"\" \"g\" (func $g (param i32 i32)))"
            "   (func (export \"run\") (param i32) (call $g (i32.const 8) (local.get 0))))"
            "  (core instance $m (instantiate $M (with \"\" (instance (export \"g\" (func $g))))))"
            "  (func (export \"run\") (param \"x\" u32) (canon lift (core func $m \"run\"))))"
            " (instance $a (instantiate $Callee))"
            " (instance $b (instantiate $Caller (with \"f\" (func $a \"f\"))))"
            " (func (export \"run\") (alias export $b \"run\")))",
            cases[i].answer);
        fixture_start(&f, wat);
        wasm_store_set_budget(component_instance_store(f.instance), 100 * NS_PER_MS);
        call_traps(&f, "run", 2, cases[i].text);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_recoded_between_memories),
        cmocka_unit_test(broken_strings_trap),
        cmocka_unit_test(each_option_names_its_memory),
        cmocka_unit_test(instances_nest_and_alias_outwards),
        cmocka_unit_test(resources_cross_components),
        cmocka_unit_test(a_callee_with_a_hostile_realloc_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
