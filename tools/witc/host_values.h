/*
 * C that lifts and lowers values: one static helper function per composite C type and direction,
 * written once, when it is first needed.
 */
#ifndef SPINDLE_WITC_HOST_VALUES_H
#define SPINDLE_WITC_HOST_VALUES_H

#include "model.h"

struct witc_values {
    const struct witc_model *model;
    struct map helpers; /* names of those that have been written */
    struct buf *out;    /* helpers go here */
};

void witc_values_init(struct witc_values *v, const struct witc_model *model, struct buf *out);

/*
 * Each writes what it needs to v->out, then appends statements to `body`, for a function with
 * `call` and `trap` in scope; `value` is an lvalue, `at` a pointer into guest memory, `slot` the
 * first of the flat values' indices in `slots`.
 */
void witc_lift_memory(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *at, uint32_t offset, const char *value,
    struct buf *body, const char *indent);
void witc_lift_flat(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, uint32_t slot, const char *value, struct buf *body,
    const char *indent);
void witc_lower_memory(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *at, uint32_t offset, const char *value,
    struct buf *body, const char *indent);
/* A type of one flat value, to slots[0]. */
void witc_lower_flat(struct witc_values *v, const struct witc_interface *context,
    const struct wit_type *type, const char *value, struct buf *body, const char *indent);

#endif
