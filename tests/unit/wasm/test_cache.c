/*
 * The code key and the cache: what is found, and what is refused.
 */
#include "guest.h"

#include <dirent.h>
#include <sys/stat.h>

#include "wasm/runtime_int.h"

static void decode(struct guest_module *g, const char *text)
{
    struct error err = ERROR_INIT;
    guest_install_handlers();
    *g = (struct guest_module){.arena = ARENA_INIT(16 * MIB)};
    guest_assemble(text, &g->bytes);
    assert_ok(wasm_decode(buf_str(&g->bytes), &g->arena, &g->module, &err), &err);
    assert_ok(wasm_validate(g->module, &err), &err);
}

static void forget(struct guest_module *g)
{
    arena_release(&g->arena);
    buf_release(&g->bytes);
}

static const struct wasm_translate_options plain = {.load_barrier = true, .use_gs = true};

/* Are the keys of two modules the same? */
static bool same_key(const char *a, const char *b)
{
    struct guest_module left, right;
    uint8_t x[SHA256_SIZE], y[SHA256_SIZE];
    decode(&left, a);
    decode(&right, b);
    wasm_code_key(left.module, &plain, x);
    wasm_code_key(right.module, &plain, y);
    forget(&left);
    forget(&right);
    return memcmp(x, y, SHA256_SIZE) == 0;
}

#define MODULE(parts) "(module " parts "(func (export \"f\") (result i32) (i32.const 5)))"

/* What a snapshot changes is not in the key: data, values of globals, the memory's size. All else
 * is. */
static void test_key(void **state)
{
    (void)state;
    const char *base = MODULE("(memory 1) (data (i32.const 1) \"abc\")"
                              "(global (mut i32) (i32.const 1))");
    assert_true(same_key(base, base));
    assert_true(same_key(base, MODULE("(memory 7 900) (data (i32.const 3) \"other\")"
                                      "(data (i32.const 9) \"more\")"
                                      "(global (mut i32) (i32.const 500))")));
    assert_false(same_key(base, MODULE("(memory 1) (global (mut i64) (i64.const 1))")));
    assert_false(same_key(base, MODULE("(memory 1) (global i32 (i32.const 1))")));
    assert_false(same_key(base, MODULE("(global (mut i32) (i32.const 1))")));
    assert_false(same_key(base, MODULE("(memory 1) (global (mut i32) (i32.const 1)) (table 1 "
                                       "funcref)")));
    assert_false(same_key(base, MODULE("(memory 1) (global (mut i32) (i32.const 1)) (func)")));
    assert_false(same_key(MODULE("(func $a) (func $b) (global funcref (ref.func $a))"),
        MODULE("(func $a) (func $b) (global funcref (ref.func $b))")));
}

static void test_options_are_in_the_key(void **state)
{
    struct guest_module g;
    uint8_t x[SHA256_SIZE], y[SHA256_SIZE];
    struct wasm_translate_options other = plain;
    (void)state;
    decode(&g, MODULE(""));
    wasm_code_key(g.module, &plain, x);
    other.load_barrier = false;
    wasm_code_key(g.module, &other, y);
    assert_memory_not_equal(x, y, SHA256_SIZE);
    other.units = 3; /* not what the code is, only how it is compiled */
    wasm_code_key(g.module, &other, x);
    assert_memory_equal(x, y, SHA256_SIZE);
    forget(&g);
}

static int load_kind(const struct wasm_module *m, const char *shipped)
{
    struct error err = ERROR_INIT;
    struct wasm_code_unit *code;
    int kind = ERROR_NONE;
    if (wasm_code_load(m, &plain, shipped, &code, &err) < 0)
        kind = (int)err.kind;
    else
        wasm_code_unref(code);
    error_release(&err);
    return kind;
}

/* The one file in the cache with that ending. */
static char *cached_file(const char *ending)
{
    static char path[512];
    char folder[300];
    unsigned found = 0;
    snprintf(folder, sizeof(folder), "%s/spindle/code", guest_cache);
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        if (str_ends_with(str_of(entry->d_name), str_of(ending))) {
            snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            found++;
        }
    closedir(list);
    assert_int_equal(found, 1);
    return path;
}

/* Flips a byte of a file. */
static void damage(const char *path, long at)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    fseek(file, at, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void test_load_checks(void **state)
{
    struct error err = ERROR_INIT;
    struct guest_module g;
    struct stat status;
    (void)state;
    decode(&g, MODULE("(memory 3)"));
    assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
    assert_false(wasm_code_exists(g.module, &plain, NULL));
    assert_ok(wasm_code_compile(g.module, &plain, NULL, NULL, NULL, &err), &err);
    assert_true(wasm_code_exists(g.module, &plain, NULL));
    assert_int_equal(load_kind(g.module, NULL), ERROR_NONE);
    assert_int_equal(load_kind(g.module, "/nowhere"), ERROR_NONE);

    char *object = cached_file(".so");
    char folder[300];
    snprintf(folder, sizeof(folder), "%s/spindle/code", guest_cache);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);

    damage(object, 500);
    assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
    damage(object, 500);
    assert_int_equal(load_kind(g.module, NULL), ERROR_NONE);
    assert_int_equal(chmod(object, 0666), 0); /* others could write it */
    assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
    assert_int_equal(chmod(object, 0644), 0);
    if (getuid() == 0) {
        assert_int_equal(chown(object, 12345, 12345), 0);
        assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
        assert_int_equal(chown(object, 0, 0), 0);
    }
    assert_int_equal(truncate(object, 100), 0);
    assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
    assert_int_equal(unlink(object), 0);
    assert_int_equal(load_kind(g.module, NULL), ERROR_NOT_FOUND);
    /* And it is made anew. */
    assert_ok(wasm_code_compile(g.module, &plain, NULL, NULL, NULL, &err), &err);
    assert_int_equal(load_kind(g.module, NULL), ERROR_NONE);
    forget(&g);
}

/* Code units of many modules come and go while one stays: descriptor numbers are used again. */
static void test_many_loaded(void **state)
{
    enum { COUNT = 6 };
    struct error err = ERROR_INIT;
    struct guest_module g[COUNT];
    const struct wasm_module *modules[COUNT];
    char folder[300], text[200];
    (void)state;
    snprintf(folder, sizeof(folder), "%s/shipped", guest_cache);
    for (int i = 0; i < COUNT; i++) {
        snprintf(
            text, sizeof(text), "(module (func (export \"f\") (result i32) (i32.const %d)))", i);
        decode(&g[i], text);
        modules[i] = g[i].module;
    }
    /* Some share an object, some have their own. */
    assert_ok(wasm_code_compile_many(modules, 3, &plain, folder, &err), &err);
    for (int i = 3; i < COUNT; i++)
        assert_ok(wasm_code_compile(modules[i], &plain, folder, NULL, NULL, &err), &err);
    struct wasm_code_unit *kept;
    assert_ok(wasm_code_load(modules[0], &plain, folder, &kept, &err), &err);
    for (int round = 0; round < 30; round++) {
        int first = (round * 5 + 1) % COUNT, second = (round * 7 + 2) % COUNT;
        struct wasm_code_unit *codes[2];
        assert_ok(wasm_code_load(modules[first], &plain, folder, &codes[0], &err), &err);
        if (round % 3 == 0) {
            wasm_code_unref(kept);
            assert_ok(wasm_code_load(modules[second], &plain, folder, &kept, &err), &err);
        }
        assert_ok(wasm_code_load(modules[second], &plain, folder, &codes[1], &err), &err);
        for (int k = 0; k < 2; k++) {
            struct guest_module *m = &g[k == 0 ? first : second];
            m->code = codes[k];
            struct wasm_store *store = guest_store(NULL);
            struct wasm_instance *instance = guest_instantiate(m, store, NULL);
            union wasm_value slots[1];
            assert_int_equal(guest_call(instance, "f", slots), WASM_TRAP_NONE);
            assert_int_equal(slots[0].i32, k == 0 ? first : second);
            wasm_store_free(store);
            wasm_code_unref(codes[k]);
        }
    }
    wasm_code_unref(kept);
    for (int i = 0; i < COUNT; i++)
        forget(&g[i]);
}

/* Several units give the same results as one; progress counts them all. */
static void count_progress(void *data, unsigned done, unsigned all)
{
    unsigned *seen = data;
    assert_in_range(done, 0, all);
    seen[0] = all;
    seen[1] = done;
}

static void test_units(void **state)
{
    struct error err = ERROR_INIT;
    struct buf text = BUF_INIT(MIB);
    struct guest_module g;
    unsigned seen[2] = {0, 0};
    struct wasm_translate_options options = {.load_barrier = true, .use_gs = true, .units = 4};
    (void)state;
    buf_append_cstr(&text, "(module (table 40 funcref) (type $t (func (param i32) (result i32)))");
    for (int i = 0; i < 40; i++)
        buf_printf(&text,
            "(func $f%d (type $t) (if (result i32) (i32.lt_s (local.get 0) (i32.const 0))"
            " (then (i32.const %d)) (else (i32.add (i32.const %d)"
            " (call $f%d (i32.sub (local.get 0) (i32.const 1)))))))",
            i, i, i * i, (i * 17 + 5) % 40);
    buf_append_cstr(&text, "(export \"f\" (func $f3)) (elem (i32.const 5) $f30)"
                           " (func (export \"g\") (param i32) (result i32) (call_indirect"
                           " (type $t) (local.get 0) (i32.const 5))))");
    decode(&g, buf_cstr(&text));
    assert_ok(wasm_code_compile(g.module, &options, NULL, count_progress, seen, &err), &err);
    assert_int_equal(seen[0], 4);
    assert_int_equal(seen[1], 4);
    int results[2][2];
    for (int tier = 0; tier < 2; tier++) {
        if (tier == 0)
            assert_ok(wasm_code_interpret(g.module, &g.code, &err), &err);
        else
            assert_ok(wasm_code_load(g.module, &options, NULL, &g.code, &err), &err);
        struct wasm_store *store = guest_store(NULL);
        struct wasm_instance *instance = guest_instantiate(&g, store, NULL);
        for (int k = 0; k < 2; k++) {
            union wasm_value slots[1] = {{.i64 = 500}};
            assert_int_equal(guest_call(instance, k == 0 ? "f" : "g", slots), WASM_TRAP_NONE);
            results[tier][k] = (int)slots[0].i32;
        }
        wasm_store_free(store);
        wasm_code_unref(g.code);
    }
    assert_int_equal(results[0][0], results[1][0]);
    assert_int_equal(results[0][1], results[1][1]);
    forget(&g);
    buf_release(&text);
}

/* No compiler, or one that fails: an error that says so, and nothing left behind. */
static void test_compiler_fails(void **state)
{
    struct error err = ERROR_INIT;
    struct guest_module g;
    (void)state;
    decode(&g, MODULE("(memory 9) (func)"));
    setenv("SPINDLE_CLANG", "/nowhere/clang", 1);
    assert_int_equal(wasm_code_compile(g.module, &plain, NULL, NULL, NULL, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    error_release(&err);
    setenv("SPINDLE_CLANG", "/bin/false", 1);
    assert_int_equal(wasm_code_compile(g.module, &plain, NULL, NULL, NULL, &err), -1);
    assert_int_equal(err.kind, ERROR_CHILD);
    error_release(&err);
    unsetenv("SPINDLE_CLANG");
    assert_false(wasm_code_exists(g.module, &plain, NULL));
    char command[300];
    snprintf(command, sizeof(command), "ls %s/spindle/code | grep -q tmp", guest_cache);
    assert_int_not_equal(system(command), 0);
    forget(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_options_are_in_the_key),
        cmocka_unit_test(test_load_checks),
        cmocka_unit_test(test_many_loaded),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_compiler_fails),
    };
    return cmocka_run_group_tests(tests, guest_setup, guest_teardown);
}
