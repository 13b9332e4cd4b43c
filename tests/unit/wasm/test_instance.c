/* Instantiation: linking, segments, start functions, limits, and stores made from an image. */
#include "guest.h"

static void interpreted(struct guest_module *g, const char *text)
{
    guest_module_init(g, text, WASM_TIER_INTERPRETER, false);
}

static int try_instantiate(struct guest_module *g, struct wasm_store *store,
    const struct wasm_extern *imports, struct wasm_trap *trap, struct error *err)
{
    struct wasm_instance *instance;
    return wasm_instantiate(store, g->module, g->code, imports, &instance, trap, err);
}

/* One export of each kind, and what may not import it. */
static const char exporter[] =
    "(module (func (export \"f\") (param i32) (result i64) (i64.const 1))"
    " (table (export \"t\") 2 5 funcref) (memory (export \"m\") 1 3)"
    " (global (export \"g\") i32 (i32.const 7)) (global (export \"v\") (mut i32) (i32.const 8)))";

static const struct {
    const char *name, *import;
    bool fits;
} links[] = {
    {"f", "(func (param i32) (result i64))", true},
    {"f", "(func (param i32) (result i32))", false},
    {"f", "(func (param i32))", false},
    {"f", "(memory 1)", false},
    {"t", "(table 2 5 funcref)", true},
    {"t", "(table 1 funcref)", true},
    {"t", "(table 3 5 funcref)", false},
    {"t", "(table 2 4 funcref)", false},
    {"t", "(table 2 5 externref)", false},
    {"m", "(memory 1 3)", true},
    {"m", "(memory 0)", true},
    {"m", "(memory 2 3)", false},
    {"m", "(memory 1 2)", false},
    {"g", "(global i32)", true},
    {"g", "(global (mut i32))", false},
    {"g", "(global i64)", false},
    {"v", "(global (mut i32))", true},
    {"v", "(global i32)", false},
};

static void imports_must_have_the_right_type(void **state)
{
    (void)state;
    struct guest_module from, to[countof(links)]; /* modules outlive the store */
    struct wasm_store *store = guest_store(NULL);
    interpreted(&from, exporter);
    struct wasm_instance *source = guest_instantiate(&from, store, NULL);
    for (size_t i = 0; i < countof(links); i++) {
        char text[200];
        struct wasm_extern import;
        struct wasm_trap trap;
        struct error err = ERROR_INIT;
        snprintf(text, sizeof(text), "(module (import \"m\" \"%s\" %s))", links[i].name,
            links[i].import);
        interpreted(&to[i], text);
        assert_true(wasm_instance_export(source, str_of(links[i].name), &import));
        int result = try_instantiate(&to[i], store, &import, &trap, &err);
        if ((result == 0) != links[i].fits)
            fail_msg("%s: %s", text, result == 0 ? "was linked" : error_message(&err));
        if (result < 0) {
            assert_int_equal(err.kind, ERROR_LINK);
            assert_non_null(strstr(error_message(&err), "incompatible import type"));
            assert_non_null(strstr(error_message(&err), links[i].name));
        }
        error_release(&err);
    }
    wasm_store_free(store);
    for (size_t i = 0; i < countof(links); i++)
        guest_module_release(&to[i]);
    guest_module_release(&from);
}

/* What matters is the size that a table has now, not the one that it was made with. */
static void a_grown_table_fits(void **state)
{
    (void)state;
    struct guest_module from, to;
    struct wasm_extern table;
    struct wasm_store *store = guest_store(NULL);
    interpreted(&from, exporter);
    interpreted(&to, "(module (import \"m\" \"t\" (table 4 5 funcref)))");
    struct wasm_instance *source = guest_instantiate(&from, store, NULL);
    assert_true(wasm_instance_export(source, STR("t"), &table));
    union wasm_value null = {.ref = NULL};
    assert_int_equal(wasm_table_grow(store, table.table, 2, null), 2);
    guest_instantiate(&to, store, &table);
    assert_int_equal(wasm_table_grow(store, table.table, 2, null), UINT32_MAX);
    wasm_store_free(store);
    guest_module_release(&to);
    guest_module_release(&from);
}

static void globals_are_shared_by_pointer(void **state)
{
    (void)state;
    struct guest_module from, to;
    struct wasm_extern given, again;
    struct wasm_store *store = guest_store(NULL);
    interpreted(&from, exporter);
    interpreted(&to, "(module (import \"m\" \"v\" (global $v (mut i32))) (export \"w\" (global $v))"
                     " (global i32 (i32.mul (i32.const 3) (i32.sub (i32.const 9) (i32.const 2))))"
                     " (export \"c\" (global 1)))");
    struct wasm_instance *source = guest_instantiate(&from, store, NULL);
    assert_true(wasm_instance_export(source, STR("v"), &given));
    struct wasm_instance *instance = guest_instantiate(&to, store, &given);
    assert_true(wasm_instance_export(instance, STR("w"), &again));
    assert_ptr_equal(again.global.value, given.global.value);
    assert_true(again.global.type.is_mutable);
    assert_true(wasm_instance_export(instance, STR("c"), &again));
    assert_int_equal(again.global.value->i32, 21);
    assert_false(wasm_instance_export(instance, STR("v"), &again));
    wasm_store_free(store);
    guest_module_release(&to);
    guest_module_release(&from);
}

/* Segments before the one that is out of bounds stay written, and their functions alive. */
static void a_trap_leaves_what_was_written(void **state)
{
    (void)state;
    struct guest_module from, to;
    struct wasm_extern table;
    struct wasm_trap trap;
    struct error err = ERROR_INIT;
    union wasm_value slots[1];
    struct wasm_store *store = guest_store(NULL);
    interpreted(&from, exporter);
    interpreted(&to, "(module (import \"m\" \"t\" (table 2 5 funcref))"
                     " (func $f (result i32) (i32.const 42))"
                     " (elem (i32.const 1) $f) (elem (i32.const 2) $f))");
    struct wasm_instance *source = guest_instantiate(&from, store, NULL);
    assert_true(wasm_instance_export(source, STR("t"), &table));
    assert_int_equal(try_instantiate(&to, store, &table, &trap, &err), -1);
    assert_int_equal(err.kind, ERROR_TRAP);
    assert_int_equal(trap.kind, WASM_TRAP_OUT_OF_BOUNDS_TABLE);
    assert_null(table.table->elements[0].ref);
    assert_int_equal(wasm_call(table.table->elements[1].ref, slots, &trap), 0);
    assert_int_equal(slots[0].i32, 42);
    error_release(&err);
    wasm_store_free(store);
    guest_module_release(&to);
    guest_module_release(&from);
}

static void expect_failure(const char *text, const struct wasm_store_limits *limits,
    enum error_kind kind, const char *part)
{
    struct guest_module g;
    struct wasm_store *store;
    struct wasm_trap trap;
    struct error err = ERROR_INIT;
    interpreted(&g, text);
    assert_int_equal(wasm_store_new(limits, NULL, &store, &err), 0);
    assert_int_equal(try_instantiate(&g, store, NULL, &trap, &err), -1);
    assert_int_equal(err.kind, kind);
    if (!strstr(error_message(&err), part))
        fail_msg("'%s' instead of '%s'", error_message(&err), part);
    error_release(&err);
    wasm_store_free(store);
    guest_module_release(&g);
}

static void what_cannot_begin_says_why(void **state)
{
    (void)state;
    static const struct wasm_store_limits small = {.memory_bytes = MIB, .table_elements = 100};
    expect_failure("(module (memory 1) (data (i32.const 65535) \"ab\"))", &small, ERROR_TRAP,
        "out of bounds memory access");
    expect_failure("(module (memory 0) (data (i32.const -1) \"\"))", &small, ERROR_TRAP,
        "out of bounds memory access");
    expect_failure(
        "(module (func $s (unreachable)) (start $s))", &small, ERROR_TRAP, "unreachable");
    expect_failure("(module (memory 17))", &small, ERROR_LIMIT, "memory of");
    expect_failure("(module (memory 9) (memory 8))", &small, ERROR_LIMIT, "memory of");
    expect_failure("(module (table 101 funcref))", &small, ERROR_LIMIT, "table of 101");
    expect_failure("(module (table 4000000000 funcref))", &small, ERROR_LIMIT, "table of");
}

/* Only the first store runs segments and start; the second has what the first made of them. */
static void an_image_replaces_segments_and_start(void **state)
{
    (void)state;
    static const char text[] =
        "(module (memory (export \"m\") 1) (global $g (mut i32) (i32.const 1))"
        " (table 2 funcref) (elem (i32.const 0) $f) (data (i32.const 4) \"abc\")"
        " (func $f (result i32) (global.get $g))"
        " (func $s (global.set $g (i32.add (global.get $g) (i32.const 10)))"
        "  (i32.store8 (i32.const 5) (i32.const 88)) (table.set (i32.const 1) (ref.func $f)))"
        " (func (export \"run\") (result i32 i32)"
        "  (call_indirect (result i32) (i32.const 1)) (i32.load (i32.const 4))) (start $s))";
    struct guest_module g;
    struct wasm_image *image;
    struct error err = ERROR_INIT;
    union wasm_value slots[2];
    interpreted(&g, text);
    struct wasm_store *first = guest_store(NULL);
    guest_instantiate(&g, first, NULL);
    assert_ok(wasm_image_take(first, &image, &err), &err);
    wasm_store_free(first);
    struct wasm_store *second = guest_store(image);
    struct wasm_instance *instance = guest_instantiate(&g, second, NULL);
    assert_ok(wasm_store_restore(second, &err), &err);
    assert_int_equal(guest_call(instance, "run", slots), WASM_TRAP_NONE);
    assert_int_equal(slots[0].i32, 11);
    assert_int_equal(slots[1].i32, 'a' | 88 << 8 | 'c' << 16);
    wasm_store_free(second);
    wasm_image_unref(image);
    guest_module_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_must_have_the_right_type),
        cmocka_unit_test(a_grown_table_fits),
        cmocka_unit_test(globals_are_shared_by_pointer),
        cmocka_unit_test(a_trap_leaves_what_was_written),
        cmocka_unit_test(what_cannot_begin_says_why),
        cmocka_unit_test(an_image_replaces_segments_and_start),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
