/*
 * What is acknowledged is on the disk. A SQLite VFS records every write, truncation, removal and
 * sync, and where an acknowledgement came. Then the record is cut at each sync, what is before the
 * cut is played into an empty folder, and SQLite must find a sound database with every
 * acknowledged write in it. Writes after the last sync before the cut may be lost: one more replay
 * of each cut leaves them out.
 */
#include "granted.h"

#include <sqlite3.h>

#include "base/file.h"

enum event_kind { EVENT_WRITE, EVENT_TRUNCATE, EVENT_DELETE, EVENT_SYNC, EVENT_ACKNOWLEDGED };

struct event {
    enum event_kind kind;
    unsigned file; /* index into names */
    int64_t offset;
    struct str bytes; /* EVENT_WRITE */
};

#define DATABASE "test.db"

static struct event *events;
static size_t event_count, event_cap;
static char names[4][128];
static struct arena bytes_of_events;

static struct event *record(enum event_kind kind, const char *path)
{
    unsigned file = 0;
    while (file < countof(names) && names[file][0] && (!path || strcmp(names[file], path) != 0))
        file++;
    assert_true(file < countof(names));
    if (path)
        snprintf(names[file], sizeof(names[file]), "%s", path);
    if (event_count == event_cap) {
        event_cap = event_cap ? event_cap * 2 : 256;
        events = realloc(events, event_cap * sizeof(*events));
        assert_non_null(events);
    }
    events[event_count] = (struct event){.kind = kind, .file = file};
    return &events[event_count++];
}

/* The VFS: the system's, with ears. A file is ours, then the system's in the same block. */

struct heard_file {
    sqlite3_file base;
    const char *path; /* NULL: not recorded */
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct heard_file *)file)->real;
}

static const char *path_of(sqlite3_file *file)
{
    return ((struct heard_file *)file)->path;
}

static int heard_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int heard_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), to, len, offset);
}

static int heard_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    struct event *event = record(EVENT_WRITE, path_of(file));
    event->offset = offset;
    event->bytes = arena_copy(&bytes_of_events, str_make(from, (size_t)len));
    return real_of(file)->pMethods->xWrite(real_of(file), from, len, offset);
}

static int heard_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    record(EVENT_TRUNCATE, path_of(file))->offset = size;
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int heard_sync(sqlite3_file *file, int flags)
{
    record(EVENT_SYNC, path_of(file));
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int heard_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int heard_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int heard_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int heard_check_lock(sqlite3_file *file, int *ret_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_reserved);
}

static int heard_control(sqlite3_file *file, int what, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int heard_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* No promise of the disk is believed: no atomic writes, no order. */
static int heard_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods heard_methods = {.iVersion = 1,
    .xClose = heard_close,
    .xRead = heard_read,
    .xWrite = heard_write,
    .xTruncate = heard_truncate,
    .xSync = heard_sync,
    .xFileSize = heard_size,
    .xLock = heard_lock,
    .xUnlock = heard_unlock,
    .xCheckReservedLock = heard_check_lock,
    .xFileControl = heard_control,
    .xSectorSize = heard_sector,
    .xDeviceCharacteristics = heard_characteristics};

static int heard_open(
    sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
    struct heard_file *heard = (struct heard_file *)file;
    (void)vfs;
    *heard = (struct heard_file){.path = path, .real = (sqlite3_file *)(heard + 1)};
    int result = real_vfs->xOpen(real_vfs, path, heard->real, flags, ret_flags);
    if (result == SQLITE_OK)
        heard->base.pMethods = &heard_methods;
    return result;
}

static int heard_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    record(EVENT_DELETE, path);
    return real_vfs->xDelete(real_vfs, path, sync_folder);
}

static sqlite3_vfs heard_vfs;

/* The database's file is the first of the names. */
static void start_hearing(const char *database)
{
    snprintf(names[0], sizeof(names[0]), "%s", database);
    struct error err = ERROR_INIT;
    assert_int_equal(sqlite_process_init(&err), 0);
    bytes_of_events = ARENA_INIT(GIB);
    real_vfs = sqlite3_vfs_find(NULL);
    heard_vfs = *real_vfs;
    heard_vfs.zName = "heard";
    heard_vfs.szOsFile = (int)sizeof(struct heard_file) + real_vfs->szOsFile;
    heard_vfs.pNext = NULL;
    heard_vfs.xOpen = heard_open;
    heard_vfs.xDelete = heard_delete;
    assert_int_equal(sqlite3_vfs_register(&heard_vfs, 1), SQLITE_OK);
}

static void stop_hearing(void)
{
    sqlite3_vfs_unregister(&heard_vfs);
    sqlite3_vfs_register(real_vfs, 1);
    arena_release(&bytes_of_events);
    free(events);
    events = NULL;
    event_count = event_cap = 0;
    memset(names, 0, sizeof(names));
}

/* Replays. */

/* Where an event of a recorded file takes place in the replay: the same name in another folder. */
static const char *replayed(const char *path)
{
    static char other[160];
    snprintf(other, sizeof(other), "%s/replay/%s", folder, path_name(path));
    return other;
}

static void play(const struct event *event)
{
    const char *path = replayed(names[event->file]);
    if (event->kind == EVENT_DELETE) {
        unlink(path);
    } else if (event->kind == EVENT_WRITE || event->kind == EVENT_TRUNCATE) {
        FILE *file = fopen(path, access(path, F_OK) == 0 ? "r+" : "w+");
        assert_non_null(file);
        if (event->kind == EVENT_TRUNCATE)
            assert_int_equal(ftruncate(fileno(file), event->offset), 0);
        else
            assert_int_equal(
                pwrite(fileno(file), event->bytes.ptr, event->bytes.len, event->offset),
                (ssize_t)event->bytes.len);
        fclose(file);
    }
}

/* Was the write synced before `cut`? Removals and truncations are taken as done at once. */
static bool is_safe(size_t index, size_t cut)
{
    if (events[index].kind != EVENT_WRITE)
        return true;
    for (size_t i = index + 1; i < cut; i++)
        if (events[i].kind == EVENT_SYNC && events[i].file == events[index].file)
            return true;
    return false;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(s, 0);
    if (!strcmp(sql, "PRAGMA integrity_check"))
        number = !strcmp((const char *)sqlite3_column_text(s, 0), "ok");
    sqlite3_finalize(s);
    return number;
}

/* The n-th acknowledged write is row n: of the first n, all must be there. */
static void check_cut(size_t cut, bool with_unsynced, const char *count)
{
    int64_t acknowledged = 0;
    struct error err = ERROR_INIT;
    char path[160];
    snprintf(path, sizeof(path), "%s/replay", folder);
    assert_int_equal(file_make_dirs(path, 0777, &err), 0);
    for (size_t i = 0; i < cut; i++) {
        acknowledged += events[i].kind == EVENT_ACKNOWLEDGED;
        if (with_unsynced || is_safe(i, cut))
            play(&events[i]);
    }
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s", replayed(names[0]));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(path, &db, flags, real_vfs->zName), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL); /* a recovery may take any */
    assert_int_equal(ask(db, "PRAGMA integrity_check"), 1);
    if (acknowledged && ask(db, count) < acknowledged)
        fail_msg("cut at event %zu: %d writes were acknowledged, %d are there", cut,
            (int)acknowledged, (int)ask(db, count));
    sqlite3_close(db);
    for (size_t i = 0; i < countof(names) && names[i][0]; i++)
        unlink(replayed(names[i]));
}

/*
 * Between the last write of the database's file before an acknowledgement and the acknowledgement
 * there is a sync, and so there is between the journal's last write and the database's first. With
 * synchronous = FULL a commit takes three: the journal, its header, the database.
 */
static void check_syncs(void)
{
    bool dirty[countof(names)] = {0};
    size_t acknowledged = 0, syncs = 0;
    for (size_t i = 0; i < event_count; i++) {
        const struct event *event = &events[i];
        switch (event->kind) {
        case EVENT_WRITE:
            if (event->file == 0) /* the database */
                for (size_t file = 1; file < countof(names); file++)
                    assert_false(dirty[file]);
            dirty[event->file] = true;
            break;
        case EVENT_SYNC:
            dirty[event->file] = false;
            syncs++;
            break;
        case EVENT_ACKNOWLEDGED:
            assert_false(dirty[0]);
            acknowledged++;
            break;
        case EVENT_DELETE:
        case EVENT_TRUNCATE:
            dirty[event->file] = false;
            break;
        }
    }
    assert_true(acknowledged > 0 && syncs >= 3 * acknowledged);
}

static void check_cuts(const char *count)
{
    check_syncs();
    for (size_t i = 0; i < event_count; i++)
        if (events[i].kind == EVENT_SYNC) {
            check_cut(i + 1, true, count);
            check_cut(i + 1, false, count);
        }
    check_cut(event_count, false, count);
}

enum { WRITES = 30 };

static void key_value_sets(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct sqlite_pool *pool;
    struct key_value_store *store;
    struct arena a = ARENA_INIT(MIB);
    const struct key_value_use use = {.results = &a};
    static char value[3000]; /* some take overflow pages */
    assert_int_equal(key_value_sqlite_pool_new(in_folder(DATABASE), &pool, &err), 0);
    assert_int_equal(key_value_sqlite_new(pool, STR("default"), &store, &err), 0);
    for (int i = 0; i < WRITES; i++) {
        char key[16];
        snprintf(key, sizeof(key), "key %d", i);
        const struct key_value_pair pair = {
            str_of(key), str_make(value, i % 3 ? 10 : sizeof(value))};
        assert_int_equal(store->backend->set(store, &use, &pair, 1, &err), 0);
        record(EVENT_ACKNOWLEDGED, in_folder(DATABASE));
    }
    store->backend->free(store);
    sqlite_pool_free(pool);
    arena_release(&a);
    check_cuts("SELECT count(*) FROM spin_key_value");
}

static void sqlite_inserts(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct sqlite_pool_options options = {
        .path = in_folder(DATABASE), .max_connections = 2, .max_idle = 2, .guarded = true};
    struct sqlite_pool *pool;
    assert_int_equal(sqlite_pool_new(&options, &pool, &err), 0);
    for (int i = 0; i <= WRITES; i++) {
        struct sqlite_connection *c;
        assert_int_equal(sqlite_pool_take(pool, NULL, &c, &err), 0);
        sqlite_use(c);
        const char *sql = i == 0  ? "CREATE TABLE t (x)"
                          : i % 2 ? "INSERT INTO t VALUES (randomblob(2000))"
                                  : "BEGIN; INSERT INTO t VALUES (1); COMMIT";
        assert_int_equal(sqlite3_exec(c->db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite_rest(c);
        sqlite_pool_give(c);
        if (i > 0)
            record(EVENT_ACKNOWLEDGED, in_folder(DATABASE));
    }
    sqlite_pool_free(pool);
    check_cuts("SELECT count(*) FROM t");
}

static int setup(void **state)
{
    (void)state;
    make_folder();
    start_hearing(in_folder(DATABASE));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop_hearing();
    remove_folder();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_value_sets, setup, teardown),
        cmocka_unit_test_setup_teardown(sqlite_inserts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
