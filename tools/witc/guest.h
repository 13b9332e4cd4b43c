#ifndef SPINDLE_WITC_GUEST_H
#define SPINDLE_WITC_GUEST_H

#include "model.h"

/* Writes guest_imports.h and guest_imports.c for these interfaces. */
void witc_guest(const struct witc_model *model, const struct witc_interface *const *interfaces,
    size_t count, struct buf *header, struct buf *source);

#endif
