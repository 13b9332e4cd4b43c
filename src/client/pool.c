/* Pools and sessions. */
#include "client/http_int.h"

#include <errno.h>

#include "base/limits.h"
#include "client/process.h"

enum {
    LOOK_AT = 16,     /* idle sessions, when one with a certain origin is looked for */
    CONNECTIONS = 16, /* that an idle session may keep */
};

void client_pool_options_init(struct client_pool_options *options)
{
    *options = (struct client_pool_options){
        .max_idle = LIMIT_CLIENT_IDLE, .idle_ns = LIMIT_CLIENT_IDLE_SECONDS * NS_PER_S};
}

/* The share. */

static void lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *pool)
{
    (void)easy;
    (void)access;
    pthread_mutex_lock(&((struct client_pool *)pool)->share_locks[data]);
}

static void unlock_share(CURL *easy, curl_lock_data data, void *pool)
{
    (void)easy;
    pthread_mutex_unlock(&((struct client_pool *)pool)->share_locks[data]);
}

static bool make_share(struct client_pool *pool)
{
    pool->share = curl_share_init();
    return pool->share &&
           curl_share_setopt(pool->share, CURLSHOPT_LOCKFUNC, lock_share) == CURLSHE_OK &&
           curl_share_setopt(pool->share, CURLSHOPT_UNLOCKFUNC, unlock_share) == CURLSHE_OK &&
           curl_share_setopt(pool->share, CURLSHOPT_USERDATA, pool) == CURLSHE_OK &&
           curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
           curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) ==
               CURLSHE_OK;
}

/* Sessions. */

static void free_session(struct client_session *session)
{
    client_requests_end(session);
    if (session->multi)
        curl_multi_cleanup(session->multi);
    free(session);
}

static struct client_session *new_session(struct client_pool *pool)
{
    struct client_session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->pool = pool;
    session->multi = curl_multi_init();
    if (!session->multi) {
        free(session);
        return NULL;
    }
    curl_multi_setopt(session->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS);
    return session;
}

/* FNV-1a: a wrong guess costs a new connection, no more. */
static uint64_t hash_of(struct str text)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.ptr[i]) * 0x100000001b3ull;
    return hash;
}

/* Called with the lock, as the next two. */
static void unlink_idle(struct client_pool *pool, struct client_session *session)
{
    if (session->newer)
        session->newer->older = session->older;
    else
        pool->newest = session->older;
    if (session->older)
        session->older->newer = session->newer;
    else
        pool->oldest = session->newer;
    session->newer = session->older = NULL;
    pool->idle_count--;
}

static void link_idle(struct client_pool *pool, struct client_session *session)
{
    session->older = pool->newest;
    if (session->older)
        session->older->newer = session;
    else
        pool->oldest = session;
    pool->newest = session;
    pool->idle_count++;
}

static struct client_session *choose_idle(struct client_pool *pool, uint64_t origin)
{
    struct client_session *session = pool->newest;
    for (unsigned i = 0; session && i < LOOK_AT; i++, session = session->older)
        if (session->origin == origin)
            return session;
    return pool->newest;
}

struct client_session *client_session_take(struct client_pool *pool, struct str origin)
{
    uint64_t hash = hash_of(origin);
    pthread_mutex_lock(&pool->lock);
    struct client_session *session = choose_idle(pool, hash);
    if (session)
        unlink_idle(pool, session);
    pthread_mutex_unlock(&pool->lock);
    if (!session)
        session = new_session(pool);
    if (session)
        session->origin = hash;
    return session;
}

/*
 * The reaper: a thread that closes idle sessions. It looks when the oldest has waited for too long,
 * and sleeps for good once it has found none; only then does giving one back have to wake it.
 */

/* Called with the lock. */
static void reaper_sleeps(struct client_pool *pool)
{
    pool->reaper_waits = !pool->oldest;
    if (pool->reaper_waits) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    } else {
        struct timespec until = clock_timespec(pool->oldest->idle_until);
        pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
    }
    pool->reaper_waits = false;
}

static void *reap(void *argument)
{
    struct client_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping) {
        struct client_session *oldest = pool->oldest;
        if (oldest && oldest->idle_until <= clock_monotonic_ns()) {
            unlink_idle(pool, oldest);
            pthread_mutex_unlock(&pool->lock);
            free_session(oldest);
            pthread_mutex_lock(&pool->lock);
        } else {
            reaper_sleeps(pool);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void client_session_give(struct client_session *session)
{
    if (!session)
        return;
    struct client_pool *pool = session->pool;
    struct client_session *surplus = NULL;
    while (session->live)
        client_request_free(session->live);
    session->idle_until = clock_monotonic_ns() + pool->options.idle_ns;
    pthread_mutex_lock(&pool->lock);
    link_idle(pool, session);
    if (pool->idle_count > pool->options.max_idle) {
        surplus = pool->oldest;
        unlink_idle(pool, surplus);
    }
    if (!pool->reaping)
        pool->reaping = pthread_create(&pool->reaper, NULL, reap, pool) == 0;
    bool wake = pool->reaper_waits;
    pthread_mutex_unlock(&pool->lock);
    if (wake)
        pthread_cond_signal(&pool->changed);
    if (surplus)
        free_session(surplus);
}

bool client_session_is_free(const struct client_session *session)
{
    return !session->live;
}

void client_session_drive(struct client_session *session)
{
    int running;
    curl_multi_perform(session->multi, &running);
    client_requests_settle(session);
}

void client_session_wait(struct client_session *session, deadline_t deadline)
{
    uint64_t now = clock_monotonic_ns();
    deadline_t own = client_requests_deadline(session);
    deadline_t until = own < deadline ? own : deadline;
    uint64_t left_ms = until > now ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;
    int ready;
    curl_multi_poll(session->multi, NULL, 0, left_ms < 60000 ? (int)left_ms : 60000, &ready);
    client_session_drive(session);
}

/* Pools. */

static void init_locks(struct client_pool *pool)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&pool->lock, NULL);
    for (size_t i = 0; i < countof(pool->share_locks); i++)
        pthread_mutex_init(&pool->share_locks[i], NULL);
}

int client_pool_new(
    const struct client_pool_options *options, struct client_pool **ret_pool, struct error *err)
{
    if (client_process_init(err) < 0)
        return -1;
    struct client_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return error_set(err, ERROR_MEMORY, "no memory for a pool of connections");
    init_locks(pool);
    pool->options = *options;
    pool->ca_file = options->ca_file ? str_dup(str_of(options->ca_file)) : NULL;
    pool->ca_folder = options->ca_folder ? str_dup(str_of(options->ca_folder)) : NULL;
    if (!make_share(pool)) {
        client_pool_free(pool);
        return error_set(err, ERROR_MEMORY, "libcurl makes no pool of connections");
    }
    *ret_pool = pool;
    return 0;
}

void client_pool_free(struct client_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    bool reaping = pool->reaping;
    pthread_cond_signal(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    if (reaping)
        pthread_join(pool->reaper, NULL);
    while (pool->newest) {
        struct client_session *session = pool->newest;
        unlink_idle(pool, session);
        free_session(session);
    }
    if (pool->share)
        curl_share_cleanup(pool->share);
    for (size_t i = 0; i < countof(pool->share_locks); i++)
        pthread_mutex_destroy(&pool->share_locks[i]);
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ca_file);
    free(pool->ca_folder);
    free(pool);
}
