/*
 * What SQLite has once in a process, and the accounts that bound its memory.
 *
 * Every allocation that SQLite makes on a thread counts for that thread's account: the one of the
 * connection that the thread is using. Past its maximum SQLite is told that there is no memory, and
 * the statement fails. The same is said when little of the thread's stack is left: SQLite recurses
 * over views and expressions of any depth, but not without allocating. And when the request's time
 * is over while a statement is prepared, which nothing else can stop.
 */
#ifndef SPINDLE_SPIN_BACKEND_SQLITE_PROCESS_H
#define SPINDLE_SPIN_BACKEND_SQLITE_PROCESS_H

#include "base/error.h"

struct sqlite_account {
    size_t used, max;    /* bytes */
    uintptr_t stack_low; /* set by sqlite_account_enter */
    bool ends_in_time;   /* no memory when the running request's budget is over */
};

/* Does its work once; any thread may call it again. Before anything else uses SQLite. */
int sqlite_process_init(struct error *err);
/*
 * What the calling thread allocates counts for this account, until sqlite_account_leave with what
 * this returned: the account before, or NULL.
 */
MUST_CHECK struct sqlite_account *sqlite_account_enter(struct sqlite_account *account);
void sqlite_account_leave(struct sqlite_account *before);

#endif
