/*
 * Component values of the test scripts (JSON of `wasm-tools json-from-wast`) to and from the
 * intermediate form of the canonical ABI.
 */
#ifndef SPINDLE_TESTS_CONFORMANCE_VALUES_H
#define SPINDLE_TESTS_CONFORMANCE_VALUES_H

#include <jansson.h>

#include "component/canon.h"

/* The value, in the arena. Aborts on JSON that does not fit the type. */
void value_from_json(
    struct arena *a, const struct wit_type *type, const json_t *json, struct canon_value *ret);
/* Is it what the script expects? */
bool value_is(const struct wit_type *type, const struct canon_value *value, const json_t *expected);

#endif
