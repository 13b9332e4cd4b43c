/*
 * fermyon:spin/key-value and wasi:keyvalue: the stores that the manifest grants to a component.
 */
#ifndef SPINDLE_SPIN_KEY_VALUE_H
#define SPINDLE_SPIN_KEY_VALUE_H

#include "spin/backend/key_value.h"

struct spin_key_value_store {
    struct str label;
    struct key_value_store *store;
};

struct spin_key_value {
    size_t count;
    const struct spin_key_value_store *stores;
};

/* NULL when it is not granted. `granted` may be NULL. */
struct key_value_store *spin_key_value_find(const struct spin_key_value *granted, struct str label);
/* The running call's; what results were there before is forgotten. */
struct component_call;
struct key_value_use spin_key_value_use(struct component_call *call);

#endif
