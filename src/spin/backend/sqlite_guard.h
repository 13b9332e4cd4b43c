/*
 * What the statements of guests may do, and what has to be undone before another request may use
 * their connection.
 *
 * Refused: files other than the database's own (ATTACH, VACUUM INTO, extensions), settings of the
 * process, locks that outlast a statement or transaction. Bounded: memory, stack, lengths, time.
 * Whatever else a statement sets for its connection (temporary tables, attached databases in
 * memory, most pragmas) ends with the request: the connection is `spent` and not used again.
 */
#ifndef SPINDLE_SPIN_BACKEND_SQLITE_GUARD_H
#define SPINDLE_SPIN_BACKEND_SQLITE_GUARD_H

#include "spin/backend/sqlite_pool.h"

/* A connection that was just opened. -1: sqlite_fail says why. */
int sqlite_guard(struct sqlite_connection *c);
/* Undoes what does not make a connection spent. No transaction is open. */
void sqlite_guard_reset(struct sqlite_connection *c);
/* Rows that the last statement of this request changed. */
int64_t sqlite_guard_changes(const struct sqlite_connection *c);

#endif
