#include "spin/backend/sqlite_process.h"

#include <malloc.h>
#include <pthread.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "wasm/runtime.h"

static _Thread_local struct sqlite_account *account_now;

static bool may_allocate(size_t bytes)
{
    const struct sqlite_account *account = account_now;
    return !account || (account->used + bytes <= account->max &&
                           !(account->ends_in_time && wasm_budget_is_over()) &&
                           (uintptr_t)__builtin_frame_address(0) >= account->stack_low);
}

static void *count(void *memory)
{
    if (account_now && memory)
        account_now->used += malloc_usable_size(memory);
    return memory;
}

/* What one connection allocated another one may free (SQLite shares a file's locks): hence the
 * comparison. */
static void uncount(size_t bytes)
{
    if (account_now)
        account_now->used -= bytes < account_now->used ? bytes : account_now->used;
}

static void *allocate(int bytes)
{
    return may_allocate((size_t)bytes) ? count(malloc((size_t)bytes)) : NULL;
}

static void release(void *memory)
{
    uncount(malloc_usable_size(memory));
    free(memory);
}

static void *resize(void *memory, int bytes)
{
    size_t old = malloc_usable_size(memory);
    if ((size_t)bytes > old && !may_allocate((size_t)bytes - old))
        return NULL;
    void *larger = realloc(memory, (size_t)bytes);
    if (!larger)
        return NULL;
    uncount(old);
    return count(larger);
}

static int size_of(void *memory)
{
    return (int)malloc_usable_size(memory);
}

static int round_up(int bytes)
{
    return (int)align_up((size_t)bytes, 8);
}

static int start(void *data)
{
    (void)data;
    return SQLITE_OK;
}

static void end(void *data)
{
    (void)data;
}

static int result;

/* Memory maps of files could fault when somebody shortens the file: none are made. */
static void init(void)
{
    static const sqlite3_mem_methods methods = {
        allocate, release, resize, size_of, round_up, start, end, NULL};
    const sqlite3_int64 none = 0;
    result = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_URI, 0);
    if (result == SQLITE_OK)
        result = sqlite3_config(SQLITE_CONFIG_MMAP_SIZE, none, none);
    if (result == SQLITE_OK)
        result = sqlite3_initialize();
}

int sqlite_process_init(struct error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init);
    if (result != SQLITE_OK)
        return error_set(
            err, ERROR_UNSUPPORTED, "SQLite cannot be started: %s", sqlite3_errstr(result));
    return 0;
}

struct sqlite_account *sqlite_account_enter(struct sqlite_account *account)
{
    struct sqlite_account *before = account_now;
    size_t left = wasm_stack_left();
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    account->stack_low = left == SIZE_MAX ? 0 : here - left + LIMIT_SQLITE_STACK_LEFT;
    account_now = account;
    return before;
}

void sqlite_account_leave(struct sqlite_account *before)
{
    account_now = before;
}
