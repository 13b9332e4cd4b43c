/* fermyon:spin/key-value and wasi:keyvalue through their wrappers, on SQLite. */
#include "granted.h"

#include "host/fermyon_spin_v2_key_value.h"
#include "host/wasi_keyvalue_atomics.h"
#include "host/wasi_keyvalue_batch.h"
#include "host/wasi_keyvalue_store.h"

#define SPIN fermyon_spin_v2_key_value_interface
#define WASI wasi_keyvalue_store_interface

static struct sqlite_pool *pool;
static struct spin_key_value_store stores[2];
static const struct spin_key_value granted = {2, stores};

/* Two labels of one database; in memory if `path` is NULL. */
static void open_stores(const char *path)
{
    struct error err = ERROR_INIT;
    const char *labels[] = {"default", "other"};
    assert_int_equal(key_value_sqlite_pool_new(path, &pool, &err), 0);
    for (size_t i = 0; i < countof(stores); i++) {
        stores[i].label = str_of(labels[i]);
        assert_int_equal(key_value_sqlite_new(pool, stores[i].label, &stores[i].store, &err), 0);
    }
}

static void close_stores(void)
{
    for (size_t i = 0; i < countof(stores); i++)
        stores[i].store->backend->free(stores[i].store);
    sqlite_pool_free(pool);
}

static int setup(void **state)
{
    (void)state;
    static const struct spin_config config = {.key_value = &granted};
    make_folder();
    open_stores(in_folder("kv.db"));
    start_guest(&config);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_guest();
    close_stores();
    remove_folder();
    return 0;
}

static uint32_t put(const char *text)
{
    return fake_put(str_of(text));
}

static uint32_t open_spin(const char *label)
{
    fake_call(SPIN, "[static]store.open", put(label), strlen(label), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake_u32(AREA + 4);
}

static void set(uint32_t store, struct str key, struct str value)
{
    fake_call(
        SPIN, "[method]store.set", store, fake_put(key), key.len, fake_put(value), value.len, AREA);
    assert_int_equal(fake.memory[AREA], 0);
}

/* The value, or no address if there is none. */
static struct str get(uint32_t store, struct str key)
{
    fake_call(SPIN, "[method]store.get", store, fake_put(key), key.len, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake.memory[AREA + 4] ? fake_text(AREA + 8) : (struct str){NULL, 0};
}

static bool exists(uint32_t store, const char *key)
{
    fake_call(SPIN, "[method]store.exists", store, put(key), strlen(key), AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake.memory[AREA + 4];
}

static void delete(uint32_t store, const char *key)
{
    fake_call(SPIN, "[method]store.delete", store, put(key), strlen(key), AREA);
    assert_int_equal(fake.memory[AREA], 0);
}

/* Calls get-keys; the number of keys. The i-th is fake_text(fake_u32(AREA + 4) + 8 * i). */
static uint32_t key_count(uint32_t store)
{
    fake_call(SPIN, "[method]store.get-keys", store, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake_u32(AREA + 8);
}

static void values_are_kept(void **state)
{
    (void)state;
    uint32_t store = open_spin("default");
    assert_null(get(store, STR("a")).ptr);
    assert_false(exists(store, "a"));
    set(store, STR("a"), STR("one"));
    set(store, STR("a"), STR("two"));
    set(store, STR("b\0c"), STR("\0\xff\n"));
    set(store, STR(""), STR(""));
    assert_true(str_is(get(store, STR("a")), "two"));
    assert_true(str_equal(get(store, STR("b\0c")), STR("\0\xff\n")));
    assert_null(get(store, STR("b")).ptr);
    assert_non_null(get(store, STR("")).ptr);
    assert_int_equal(get(store, STR("")).len, 0);
    assert_true(exists(store, "a"));
    assert_int_equal(key_count(store), 3);
    delete(store, "a");
    delete(store, "a");
    assert_false(exists(store, "a"));
    assert_int_equal(key_count(store), 2);
}

static void labels_are_apart_and_requests_see_what_is_kept(void **state)
{
    (void)state;
    set(open_spin("default"), STR("k"), STR("default's"));
    set(open_spin("other"), STR("k"), STR("other's"));
    next_request();
    assert_int_equal(fake_handle_count(), 0);
    assert_true(str_is(get(open_spin("default"), STR("k")), "default's"));
    assert_true(str_is(get(open_spin("other"), STR("k")), "other's"));
    assert_int_equal(key_count(open_spin("other")), 1);
    assert_true(str_is(fake_text(fake_u32(AREA + 4)), "k"));
}

static void other_labels_are_denied(void **state)
{
    (void)state;
    fake_call(SPIN, "[static]store.open", put("secret"), 6, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], FERMYON_SPIN_V2_KEY_VALUE_ERROR_ACCESS_DENIED);
    fake_call(WASI, "open", put("secret"), 6, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], WASI_KEYVALUE_STORE_ERROR_ACCESS_DENIED);
    assert_int_equal(fake_handle_count(), 0);
}

static void what_fails_is_other_with_a_text(void **state)
{
    (void)state;
    uint32_t store = open_spin("default");
    set(store, STR("a"), STR("b"));
    FILE *file = fopen(in_folder("kv.db"), "r+");
    fputs("this is no database any more", file);
    fclose(file);
    fake_call(SPIN, "[method]store.get", store, put("a"), 1, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_int_equal(fake.memory[AREA + 4], FERMYON_SPIN_V2_KEY_VALUE_ERROR_OTHER);
    assert_true(str_is(fake_text(AREA + 8), "file is not a database"));
}

/* Who else writes to the file is not bound to the interface. */
static void a_key_that_is_no_text(void **state)
{
    (void)state;
    uint32_t store = open_spin("default");
    set(store, STR("a"), STR("b"));
    sqlite3 *db;
    assert_int_equal(sqlite3_open(in_folder("kv.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            db, "INSERT INTO spin_key_value VALUES ('default', x'61ff', x'00')", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    fake_call(SPIN, "[method]store.get-keys", store, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_true(str_is(fake_text(AREA + 8), "a key of the store is not UTF-8"));
}

static void a_store_in_memory_is_one_for_all(void **state)
{
    (void)state;
    teardown(NULL);
    static const struct spin_config config = {.key_value = &granted};
    make_folder();
    open_stores(NULL);
    start_guest(&config);
    set(open_spin("default"), STR("k"), STR("v"));
    next_request();
    assert_true(str_is(get(open_spin("default"), STR("k")), "v"));
}

static uint32_t open_bucket(void)
{
    fake_call(WASI, "open", put("default"), 7, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return fake_u32(AREA + 4);
}

static void wasi_store(void **state)
{
    (void)state;
    uint32_t bucket = open_bucket();
    fake_call(WASI, "[method]bucket.set", bucket, put("k"), 1, put("v"), 1, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    fake_call(WASI, "[method]bucket.get", bucket, put("k"), 1, AREA);
    assert_true(fake.memory[AREA] == 0 && fake.memory[AREA + 4] == 1);
    assert_true(str_is(fake_text(AREA + 8), "v"));
    fake_call(WASI, "[method]bucket.exists", bucket, put("k"), 1, AREA);
    assert_true(fake.memory[AREA] == 0 && fake.memory[AREA + 4] == 1);
    fake_call(WASI, "[method]bucket.list-keys", bucket, 0, 0, 0, AREA);
    assert_true(fake.memory[AREA] == 0 && fake_u32(AREA + 8) == 1 && fake.memory[AREA + 12] == 0);
    fake_call(WASI, "[method]bucket.list-keys", bucket, 1, put("k"), 1, AREA);
    assert_true(fake.memory[AREA] == 1);
    assert_true(str_is(fake_text(AREA + 8), "list_keys: cursor not supported"));
    fake_call(WASI, "[method]bucket.delete", bucket, put("k"), 1, AREA);
    fake_call(WASI, "[method]bucket.get", bucket, put("k"), 1, AREA);
    assert_true(fake.memory[AREA] == 0 && fake.memory[AREA + 4] == 0);
}

static int64_t increment(uint32_t bucket, const char *key, int64_t delta)
{
    fake_call(
        wasi_keyvalue_atomics_interface, "increment", bucket, put(key), strlen(key), delta, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    return (int64_t)host_load_u64(fake.memory + AREA + 8);
}

static void wasi_increment(void **state)
{
    (void)state;
    uint32_t bucket = open_bucket();
    assert_int_equal(increment(bucket, "n", 5), 5);
    assert_int_equal(increment(bucket, "n", -7), -2);
    assert_true(
        str_equal(get(open_spin("default"), STR("n")), STR("\xfe\xff\xff\xff\xff\xff\xff\xff")));
    set(open_spin("default"), STR("text"), STR("five"));
    fake_call(wasi_keyvalue_atomics_interface, "increment", bucket, put("text"), 4, 1, AREA);
    assert_int_equal(fake.memory[AREA], 1);
    assert_true(str_is(get(open_spin("default"), STR("text")), "five"));
    set(open_spin("default"), STR("max"), STR("\xff\xff\xff\xff\xff\xff\xff\x7f"));
    fake_call(wasi_keyvalue_atomics_interface, "increment", bucket, put("max"), 3, 1, AREA);
    assert_int_equal(fake.memory[AREA], 1);
}

#define ATOMICS wasi_keyvalue_atomics_interface

static void wasi_swap(void **state)
{
    (void)state;
    uint32_t bucket = open_bucket(), store = open_spin("default");
    fake_call(ATOMICS, "[static]cas.new", bucket, put("k"), 1, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    uint32_t first = fake_u32(AREA + 4);
    fake_call(ATOMICS, "[method]cas.current", first, AREA);
    assert_true(fake.memory[AREA] == 0 && fake.memory[AREA + 4] == 0);
    set(store, STR("k"), STR("somebody else's"));
    fake_call(ATOMICS, "swap", first, put("mine"), 4, AREA);
    assert_true(fake.memory[AREA] == 1 && fake.memory[AREA + 4] == 1);
    uint32_t second = fake_u32(AREA + 8);
    assert_int_not_equal(second, 0);
    fake_call(ATOMICS, "[method]cas.current", second, AREA);
    assert_true(str_is(fake_text(AREA + 8), "somebody else's"));
    fake_call(ATOMICS, "swap", second, put("mine"), 4, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    assert_true(str_is(get(store, STR("k")), "mine"));
    fake_traps(ATOMICS, "swap", second, put("again"), 5, AREA);
}

static void wasi_batch(void **state)
{
    (void)state;
    uint32_t bucket = open_bucket();
    uint32_t keys = put("abc"), list = fake_put(str_make((char[64]){0}, 64));
    for (uint32_t i = 0; i < 3; i++) { /* tuple<string, list<u8>> */
        host_store_u32(fake.memory + list + 16 * i, keys + i);
        host_store_u32(fake.memory + list + 16 * i + 4, 1);
        host_store_u32(fake.memory + list + 16 * i + 8, keys + i);
        host_store_u32(fake.memory + list + 16 * i + 12, i);
    }
    fake_call(wasi_keyvalue_batch_interface, "set-many", bucket, list, 3, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    for (uint32_t i = 0; i < 3; i++) { /* string */
        host_store_u32(fake.memory + list + 8 * i, keys + i);
        host_store_u32(fake.memory + list + 8 * i + 4, 1);
    }
    fake_call(wasi_keyvalue_batch_interface, "delete-many", bucket, list, 1, AREA);
    assert_int_equal(fake.memory[AREA], 0);
    fake_call(wasi_keyvalue_batch_interface, "get-many", bucket, list, 3, AREA);
    assert_true(fake.memory[AREA] == 0 && fake_u32(AREA + 8) == 2); /* those that are there */
    uint32_t items = fake_u32(AREA + 4); /* tuple<string, option<list<u8>>>: 20 bytes */
    assert_true(str_is(fake_text(items), "b"));
    assert_int_equal(fake.memory[items + 8], 1);
    assert_true(str_is(fake_text(items + 20), "c"));
    assert_true(str_is(fake_text(items + 20 + 12), "cn") ||
                fake_u32(items + 20 + 16) == 2); /* two bytes from "c" on */
}

/* Many threads at once on one store. */

enum { WRITERS = 8, WRITES = 10 };

static void *write_many(void *data)
{
    struct key_value_store *store = stores[0].store;
    struct arena a = ARENA_INIT(MIB);
    const struct key_value_use use = {.results = &a};
    struct error err = ERROR_INIT;
    for (int i = 0; i < WRITES; i++) {
        char key[32];
        int64_t sum;
        snprintf(key, sizeof(key), "%d-%d", (int)(intptr_t)data, i);
        const struct key_value_pair pair = {str_of(key), str_of(key)};
        if (store->backend->set(store, &use, &pair, 1, &err) < 0 ||
            store->backend->increment(store, &use, STR("sum"), 1, &sum, &err) < 0)
            return "a write failed";
        arena_reset(&a);
    }
    arena_release(&a);
    return NULL;
}

static void writers_at_once_lose_nothing(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    for (intptr_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, (void *)i), 0);
    for (int i = 0; i < WRITERS; i++) {
        void *failure;
        pthread_join(threads[i], &failure);
        assert_null(failure);
    }
    assert_int_equal(increment(open_bucket(), "sum", 0), WRITERS * WRITES);
    assert_int_equal(key_count(open_spin("default")), WRITERS * WRITES + 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_kept),
        TEST(labels_are_apart_and_requests_see_what_is_kept),
        TEST(other_labels_are_denied),
        TEST(what_fails_is_other_with_a_text),
        TEST(a_key_that_is_no_text),
        TEST(a_store_in_memory_is_one_for_all),
        TEST(wasi_store),
        TEST(wasi_increment),
        TEST(wasi_swap),
        TEST(wasi_batch),
        TEST(writers_at_once_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
