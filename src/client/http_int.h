/*
 * What pool.c and request.c share.
 */
#ifndef SPINDLE_CLIENT_HTTP_INT_H
#define SPINDLE_CLIENT_HTTP_INT_H

#include <curl/curl.h>
#include <pthread.h>

#include "client/http.h"

struct client_pool {
    struct client_pool_options options;
    char *ca_file, *ca_folder;
    CURLSH *share;                                    /* names that were looked up, TLS sessions */
    pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST]; /* of the share; taken last */
    pthread_mutex_t lock;                             /* what follows */
    pthread_cond_t changed;                           /* wakes the reaper */
    struct client_session *newest, *oldest;           /* idle */
    unsigned idle_count;
    bool reaping, stopping;
    bool reaper_waits; /* for the first idle session */
    pthread_t reaper;  /* closes connections that nobody has used for idle_ns */
};

struct client_session {
    struct client_pool *pool;
    CURLM *multi;
    uint64_t origin; /* a hash of the last one */
    struct client_request *live, *spare;
    unsigned live_count, spare_count;
    /* While idle. */
    struct client_session *newer, *older;
    deadline_t idle_until;
};

/* Frees all requests, spare ones too. */
void client_requests_end(struct client_session *session);
/* After libcurl has been driven: which requests have ended, which time is over? */
void client_requests_settle(struct client_session *session);
/* When the first of the session's time limits is over. */
deadline_t client_requests_deadline(const struct client_session *session);
void client_request_destroy(struct client_request *request);

#endif
