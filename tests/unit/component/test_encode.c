/*
 * The encoder: a world written by hand, a module that fits it, and what comes out is decoded, run,
 * and shown to other tools where they are.
 */
#include "fixture.h"

#include "component/encode.h"

/* Imports: the test host's counters. Exports: an interface with types and a resource of its own. */
static struct wit_resource box_resource = {.name = {"box", 3}};
static struct wit_resource used_counter = {.name = {"counter", 7}};
static struct wit_type counter_self = {.kind = WIT_BORROW, .resource = &used_counter};
static struct wit_type counter_handle = {.kind = WIT_OWN, .resource = &used_counter};
static struct wit_type box_self = {.kind = WIT_BORROW, .resource = &box_resource};
static struct wit_type box_handle = {.kind = WIT_OWN, .resource = &box_resource};
static struct wit_field point_fields[2];
static struct wit_type point = {
    .kind = WIT_RECORD, .name = {"point", 5}, .count = 2, .fields = point_fields};
static struct wit_field shape_cases[2];
static struct wit_type shape = {
    .kind = WIT_VARIANT, .name = {"shape", 5}, .count = 2, .fields = shape_cases};
static struct wit_type points = {.kind = WIT_LIST, .element = &point};

static struct wit_field new_params[1], value_params[1], mirror_params[1], sum_params[1];
static struct wit_func_type counter_new = {1, new_params, &counter_handle};
static struct wit_field read_params[1];
static struct wit_func_type counter_read = {1, read_params, NULL};
static struct wit_func_type box_new = {1, new_params, &box_handle};
static struct wit_func_type box_value = {1, value_params, NULL};
static struct wit_func_type mirror = {1, mirror_params, &shape};
static struct wit_func_type sum = {1, sum_params, NULL};
static struct wit_func_type run = {1, new_params, NULL};

static struct wit_field field(const char *name, const struct wit_type *type)
{
    return (struct wit_field){str_of(name), type};
}

static void make_types(void)
{
    const struct wit_type *u32 = wit_primitive(WIT_U32);
    struct wit_type *all[] = {
        &counter_self, &counter_handle, &box_self, &box_handle, &point, &shape, &points};
    point_fields[0] = field("x", u32);
    point_fields[1] = field("y", u32);
    shape_cases[0] = field("none", NULL);
    shape_cases[1] = field("dot", &point);
    new_params[0] = field("value", u32);
    read_params[0] = field("self", &counter_self);
    value_params[0] = field("self", &box_self);
    mirror_params[0] = field("s", &shape);
    sum_params[0] = field("list", &points);
    counter_read.result = box_value.result = sum.result = run.result = u32;
    for (size_t i = 0; i < countof(all); i++)
        assert_true(wit_type_layout(all[i]));
}

static const struct encode_type import_types[] = {
    {.name = {"counter", 7}, .resource = &used_counter}};
static const struct encode_func import_funcs[] = {
    {{"[constructor]counter", 20}, &counter_new}, {{"[method]counter.get", 19}, &counter_read}};
static const struct encode_interface import = {
    {"test:host/counters@0.2.0", 24}, 1, import_types, 2, import_funcs};
static const struct encode_type export_types[] = {
    {.name = {"shape", 5}, .type = &shape},
    {.name = {"point", 5}, .type = &point},
    {.name = {"box", 3}, .resource = &box_resource},
    {.name = {"tally", 5}, .resource = &used_counter, .from = &import, .from_name = {"counter", 7}},
};
static const struct encode_func export_funcs[] = {
    {{"mirror", 6}, &mirror},
    {{"[constructor]box", 16}, &box_new},
    {{"[method]box.value", 17}, &box_value},
    {{"sum", 3}, &sum},
};
static const struct encode_interface export = {
    {"test:guest/shapes@1.0.0", 23}, 4, export_types, 4, export_funcs};
static const struct encode_func root_funcs[] = {{{"run", 3}, &run}};
static const struct encode_interface root = {.func_count = 1, .funcs = root_funcs};

static const char module[] =
    "(module"
    " (import \"test:host/counters@0.2.0\" \"[constructor]counter\""
    "  (func $make (param i32) (result i32)))"
    " (import \"test:host/counters@0.2.0\" \"[method]counter.get\""
    "  (func $get (param i32) (result i32)))"
    " (import \"test:host/counters@0.2.0\" \"[resource-drop]counter\" (func $drop (param i32)))"
    " (import \"[export]test:guest/shapes@1.0.0\" \"[resource-new]box\""
    "  (func $new (param i32) (result i32)))"
    " (memory (export \"memory\") 1)"
    " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
    " (func (export \"test:guest/shapes@1.0.0#mirror\") (param i32 i32 i32) (result i32)"
    "  (i32.store8 (i32.const 16) (local.get 0))"
    "  (i32.store (i32.const 20) (local.get 2)) (i32.store (i32.const 24) (local.get 1))"
    "  (i32.const 16))"
    " (func (export \"cabi_post_test:guest/shapes@1.0.0#mirror\") (param i32))"
    " (func (export \"test:guest/shapes@1.0.0#[constructor]box\") (param i32) (result i32)"
    "  (call $new (local.get 0)))"
    " (func (export \"test:guest/shapes@1.0.0#[method]box.value\") (param i32) (result i32)"
    "  (local.get 0))"
    " (func (export \"test:guest/shapes@1.0.0#[dtor]box\") (param i32))"
    " (func (export \"test:guest/shapes@1.0.0#sum\") (param i32 i32) (result i32)"
    "  (local.get 1))"
    " (func (export \"run\") (param i32) (result i32) (local $h i32)"
    "  (local.set $h (call $make (local.get 0)))"
    "  (call $get (local.get $h)) (call $drop (local.get $h))))";

static struct encode_input input_of(const struct buf *core)
{
    return (struct encode_input){.module = buf_str(core),
        .import_count = 1,
        .imports = &import,
        .export_count = 1,
        .exports = &export,
        .root_exports = &root,
        .producer = STR("spindle"),
        .producer_version = STR(SPINDLE_VERSION)};
}

static struct buf encoded(void)
{
    struct error err = ERROR_INIT;
    struct buf core = from_wat(module), out = BUF_INIT(1 * MIB);
    make_types();
    struct encode_input input = input_of(&core);
    if (component_encode(&input, &out, &err) < 0)
        fail_msg("%s", error_message(&err));
    buf_release(&core);
    return out;
}

static void the_component_is_valid(void **state)
{
    (void)state;
    struct buf bytes = encoded();
    char path[64];
    temp_file(path, buf_str(&bytes));
    assert_int_equal(wasm_tools((const char *const[]){"validate", path, NULL}), 0);
    unlink(path);
    buf_release(&bytes);
}

/* Of the bytes, which it takes over. */
static void start_with(struct fixture *f, struct buf bytes)
{
    *f = (struct fixture){.bytes = bytes};
    engine_start();
    if (component_decode(buf_str(&f->bytes), NULL, &f->component, &f->err) < 0)
        fail_msg("%s: %s", error_message(&f->err), f->err.messages[0]);
    f->host = (struct component_host){&host_interface, &f->drops};
    struct component_program_options options = {.hosts = &f->host,
        .host_count = 1,
        .interpret = true,
        .limits = {.memory_bytes = 64 * MIB, .table_elements = 1000}};
    assert_int_equal(component_program_new(f->component, &options, &f->program, &f->err), 0);
    assert_int_equal(component_instantiate(f->program, NULL, &f->instance, &f->trap, &f->err), 0);
}

static void start(struct fixture *f)
{
    start_with(f, encoded());
}

static void it_says_what_it_imports_and_exports(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    assert_int_equal(component_import_count(f.component), 1);
    assert_true(str_is(component_import(f.component, 0).name, "test:host/counters@0.2.0"));
    assert_int_equal(component_export_count(f.component), 2);
    assert_true(str_is(component_export(f.component, 0).name, "test:guest/shapes@1.0.0"));
    assert_true(str_is(component_export(f.component, 1).name, "run"));
    fixture_end(&f);
}

static void its_functions_run(void **state)
{
    (void)state;
    struct fixture f;
    start(&f);
    assert_int_equal(call(&f, "run", 99), 99);
    assert_int_equal(f.drops, 1);
    struct component_func *func =
        component_instance_func(f.instance, STR("test:guest/shapes@1.0.0"), STR("mirror"));
    assert_non_null(func);
    struct canon_value fields[2] = {{.bits = 3}, {.bits = 4}}, dot = {.fields = fields};
    struct canon_value arg = {.variant = {.payload = &dot, .index = 1}}, result;
    assert_int_equal(component_call_values(func, &arg, &result, &f.trap), 0);
    assert_int_equal(result.variant.index, 1);
    assert_int_equal(result.variant.payload->fields[0].bits, 4);
    assert_int_equal(result.variant.payload->fields[1].bits, 3);
    fixture_end(&f);
}

/* Reaches the counters by number; "run" (by, value) calls what stands for 0 or 3 with a value. */
static const char numbers_module[] =
    "(module"
    " (import \"spindle\" \"call\" (func $call (param i32 i32 i32)))"
    " (memory (export \"memory\") 1)"
    " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
    " (func (export \"run\") (param i32) (result i32) (local $h i32)"
    "  (if (i32.eq (local.get 0) (i32.const 1)) (then"
    "   (call $call (i32.const 1) (i32.const 32) (i32.const 40)) (return (i32.const 0))))"
    "  (if (i32.eq (local.get 0) (i32.const 2)) (then"
    "   (call $call (i32.const 9) (i32.const 32) (i32.const 40)) (return (i32.const 0))))"
    "  (i32.store (i32.const 32) (local.get 0))"
    "  (call $call (i32.const 0) (i32.const 32) (i32.const 40))"
    "  (i32.store (i32.const 32) (i32.load (i32.const 40)))"
    "  (i32.store (i32.const 40) (i32.const -1))"
    "  (call $call (i32.const 2) (i32.const 32) (i32.const 40))"
    "  (call $call (i32.const 3) (i32.const 32) (i32.const 48))"
    "  (i32.load (i32.const 40))))";

#define COUNTERS {"test:host/counters@0.2.0", 24}
static const struct encode_binding numbers[] = {
    {COUNTERS, {"[constructor]counter", 20}},
    {{0}, {0}},
    {COUNTERS, {"[method]counter.get", 19}},
    {COUNTERS, {"[resource-drop]counter", 22}},
};

static struct buf encoded_numbers(size_t count)
{
    struct error err = ERROR_INIT;
    struct buf core = from_wat(numbers_module), out = BUF_INIT(1 * MIB);
    make_types();
    struct encode_input input = {.module = buf_str(&core),
        .import_count = 1,
        .imports = &import,
        .root_exports = &root,
        .binding_count = count,
        .bindings = numbers};
    if (component_encode(&input, &out, &err) < 0)
        fail_msg("%s", error_message(&err));
    buf_release(&core);
    return out;
}

static enum wasm_trap_kind run_with(struct fixture *f, uint32_t argument)
{
    union wasm_value slots[2] = {{.i32 = argument}};
    struct component_func *func = component_instance_func(f->instance, STR_EMPTY, STR("run"));
    assert_non_null(func);
    return component_call_flat(func, slots, &f->trap) < 0 ? f->trap.kind : WASM_TRAP_NONE;
}

static void functions_are_reached_by_number(void **state)
{
    (void)state;
    struct fixture f;
    struct buf bytes = encoded_numbers(countof(numbers));
    char path[64];
    temp_file(path, buf_str(&bytes));
    assert_int_equal(wasm_tools((const char *const[]){"validate", path, NULL}), 0);
    unlink(path);
    start_with(&f, bytes);
    assert_int_equal(call(&f, "run", 99), 99);
    assert_int_equal(f.drops, 1);
    assert_int_equal(run_with(&f, 1), WASM_TRAP_UNREACHABLE);
    fixture_end(&f);
    start_with(&f, encoded_numbers(countof(numbers)));
    assert_int_equal(run_with(&f, 2), WASM_TRAP_UNDEFINED_ELEMENT);
    fixture_end(&f);
}

/* Exports by number: the answer is the first argument and 10 times the number. */
static const char dispatch_module[] =
    "(module"
    " (import \"spindle\" \"call\" (func (param i32 i32 i32)))"
    " (memory (export \"memory\") 1)"
    " (global $after (mut i64) (i64.const 0))"
    " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 1024))"
    " (func (export \"spindle_arguments\") (result i32) (i32.const 64))"
    " (func (export \"spindle_dispatch\") (param i32) (result i64)"
    "  (i32.store8 (i32.const 16) (i32.load (i32.const 64)))"
    "  (i32.store (i32.const 20) (i32.load (i32.const 72)))"
    "  (i32.store (i32.const 24) (i32.load (i32.const 80)))"
    "  (if (i32.eqz (local.get 0)) (then (return (i64.const 16))))"
    "  (i64.add (global.get $after) (i64.add (i64.load32_u (i32.const 64))"
    "   (i64.extend_i32_u (i32.mul (local.get 0) (i32.const 10))))))"
    " (func (export \"spindle_dispatched\") (global.set $after (i64.const 1000))))";

#define SHAPES {"test:guest/shapes@1.0.0", 23}
static const struct encode_dispatch dispatches[] = {
    {SHAPES, {"mirror", 6}},
    {SHAPES, {"[constructor]box", 16}},
    {SHAPES, {"[method]box.value", 17}},
    {SHAPES, {"sum", 3}},
    {SHAPES, {"[dtor]box", 9}},
    {{0}, {"run", 3}},
};

static void exports_are_implemented_by_number(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct fixture f;
    struct buf core = from_wat(dispatch_module), out = BUF_INIT(1 * MIB);
    make_types();
    struct encode_input input = input_of(&core);
    input.dispatch_count = countof(dispatches);
    input.dispatches = dispatches;
    if (component_encode(&input, &out, &err) < 0)
        fail_msg("%s", error_message(&err));
    buf_release(&core);
    char path[64];
    temp_file(path, buf_str(&out));
    assert_int_equal(wasm_tools((const char *const[]){"validate", path, NULL}), 0);
    unlink(path);
    start_with(&f, out);
    assert_int_equal(call(&f, "run", 7), 57);
    struct component_func *func =
        component_instance_func(f.instance, STR("test:guest/shapes@1.0.0"), STR("mirror"));
    struct canon_value fields[2] = {{.bits = 3}, {.bits = 4}}, dot = {.fields = fields};
    struct canon_value arg = {.variant = {.payload = &dot, .index = 1}}, result;
    assert_int_equal(component_call_values(func, &arg, &result, &f.trap), 0);
    assert_int_equal(result.variant.payload->fields[1].bits, 4);
    assert_int_equal(call(&f, "run", 7), 1057); /* it was told that the result has been read */
    fixture_end(&f);
}

static void absent_imports_trap(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct fixture f;
    static const struct str absent[] = {{"other:host/gone@1.0.0", 21}};
    struct buf out = BUF_INIT(1 * MIB),
               core = from_wat("(module"
                               " (import \"other:host/gone@1.0.0\" \"f\" (func $f (param i64)))"
                               " (func (export \"run\") (param i32) (result i32)"
                               "  (if (local.get 0) (then (call $f (i64.const 1))))"
                               "  (i32.const 5)))");
    make_types();
    struct encode_input input = {.module = buf_str(&core),
        .root_exports = &root,
        .absent_count = countof(absent),
        .absent = absent};
    if (component_encode(&input, &out, &err) < 0)
        fail_msg("%s", error_message(&err));
    buf_release(&core);
    start_with(&f, out);
    assert_int_equal(component_import_count(f.component), 0);
    assert_int_equal(call(&f, "run", 0), 5);
    assert_int_equal(run_with(&f, 1), WASM_TRAP_UNINITIALIZED_ELEMENT);
    fixture_end(&f);
}

static void what_no_number_stands_for_is_not_imported(void **state)
{
    (void)state;
    struct fixture f;
    start_with(&f, encoded_numbers(0));
    assert_int_equal(component_import_count(f.component), 0);
    assert_int_equal(run_with(&f, 7), WASM_TRAP_UNDEFINED_ELEMENT);
    fixture_end(&f);
}

static void misfits_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *module, *expected;
    } cases[] = {
        {"(module (import \"other:host/x\" \"f\" (func)))", "'other:host/x'"},
        {"(module (import \"test:host/counters@0.2.0\" \"f\" (func)))", "imports 'f'"},
        {"(module)", "no memory"},
        {"(module (memory (export \"memory\") 1))", "'cabi_realloc'"},
        {"(module (memory (export \"memory\") 1)"
         " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) i32.const 0))",
            "'test:guest/shapes@1.0.0#mirror'"},
        {"(module"
         " (import \"test:host/counters@0.2.0\" \"[method]counter.get\" (func (param i64)))"
         " (memory (export \"memory\") 1)"
         " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) i32.const 0))",
            "with another type"},
        {"(module (import \"spindle\" \"call\" (func (param i32)))"
         " (memory (export \"memory\") 1)"
         " (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) i32.const 0))",
            "imports 'call' from 'spindle' with another type"},
    };
    make_types();
    for (size_t i = 0; i < countof(cases); i++) {
        struct error err = ERROR_INIT;
        struct buf core = from_wat(cases[i].module), out = BUF_INIT(1 * MIB);
        struct encode_input input = input_of(&core);
        assert_int_equal(component_encode(&input, &out, &err), -1);
        assert_int_equal(err.kind, ERROR_LINK);
        if (!strstr(error_message(&err), cases[i].expected))
            fail_msg("'%s' instead of '%s'", error_message(&err), cases[i].expected);
        error_release(&err);
        buf_release(&out);
        buf_release(&core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_component_is_valid),
        cmocka_unit_test(it_says_what_it_imports_and_exports),
        cmocka_unit_test(its_functions_run),
        cmocka_unit_test(functions_are_reached_by_number),
        cmocka_unit_test(what_no_number_stands_for_is_not_imported),
        cmocka_unit_test(exports_are_implemented_by_number),
        cmocka_unit_test(absent_imports_trap),
        cmocka_unit_test(misfits_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
