/*
 * What names, labels and routes of a manifest must look like.
 */
#ifndef SPINDLE_MANIFEST_NAMES_H
#define SPINDLE_MANIFEST_NAMES_H

#include "base/arena.h"
#include "base/str.h"

/*
 * Spin's identifiers: words separated by '-' or '_', each beginning with a letter, all lower or all
 * upper case. Each function answers NULL, or what is wrong.
 */
const char *check_kebab_id(struct arena *a, struct str id);
const char *check_variable_name(struct arena *a, struct str name);
/* Of a key-value store or a database: separated by either. */
const char *check_label(struct arena *a, struct str label);
const char *check_route(struct arena *a, struct str route);
/* Of the names, the one nearest to `given` if it is near enough to be meant; else empty. */
struct str nearest_name(struct str given, const struct str *names, size_t count);

#endif
