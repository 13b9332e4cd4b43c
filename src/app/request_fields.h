/*
 * The header fields of a request as a guest sees them: Spin's own added, those of the client that
 * look like them removed.
 */
#ifndef SPINDLE_APP_REQUEST_FIELDS_H
#define SPINDLE_APP_REQUEST_FIELDS_H

#include "http/router.h"
#include "wasi/exchange.h"

/* Replaces x->fields by a list in the exchange's arena. False when they are too many for it. */
MUST_CHECK bool request_add_spin_fields(struct http_exchange *x, const struct route_match *match);

#endif
