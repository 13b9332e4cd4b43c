/*
 * Regular expressions of template parameters, by PCRE2. Patterns and texts come from strangers:
 * matching is bounded.
 */
#ifndef SPINDLE_TEMPLATE_PATTERN_H
#define SPINDLE_TEMPLATE_PATTERN_H

#include "base/error.h"
#include "base/str.h"

/* Is there a match anywhere in the text? ERROR_INVALID: the pattern is none, or takes too long. */
int pattern_matches(struct str pattern, struct str text, bool *ret, struct error *err);

#endif
