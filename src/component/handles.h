/*
 * Handle tables (CanonicalABI.md, "Table State", "Resource State"): one for each component
 * instance. Index 0 is never used; free entries are reused last in, first out, as guests can see.
 */
#ifndef SPINDLE_COMPONENT_HANDLES_H
#define SPINDLE_COMPONENT_HANDLES_H

#include "base/macros.h"

/* A call that lent handles to a component; it must have given all back when it ends. */
struct borrow_scope {
    uint32_t count;
};

struct handle {
    const void *tag; /* of its resource; NULL: the entry is free */
    void *rep;
    struct borrow_scope *scope; /* a borrowed handle's; NULL: it owns */
    uint32_t lends;             /* calls that it is lent to now */
    uint32_t next;              /* of a free entry */
};

struct handle_table {
    struct handle *data;
    uint32_t len, cap; /* entries ever used, the first included */
    uint32_t free;     /* 0: none */
    uint32_t live;
};

void handles_release(struct handle_table *t);
/* Forgets everything, keeping some memory. */
void handles_clear(struct handle_table *t);
/* False when there are too many. */
MUST_CHECK bool handles_add(struct handle_table *t, const void *tag, void *rep,
    struct borrow_scope *scope, uint32_t *ret_handle);
/* NULL if there is none. */
struct handle *handles_get(const struct handle_table *t, uint32_t handle);
void handles_remove(struct handle_table *t, uint32_t handle);

#endif
