/* fermyon:spin/sqlite and spin:sqlite: the databases that the manifest grants to a component. */
#ifndef SPINDLE_SPIN_SQLITE_H
#define SPINDLE_SPIN_SQLITE_H

#include "spin/backend/sqlite_pool.h"

struct spin_sqlite_database {
    struct str label;
    struct sqlite_pool *pool;
};

struct spin_sqlite {
    size_t count;
    const struct spin_sqlite_database *databases;
};

#endif
