/*
 * Templates of a manifest's values: "postgres://{{ user }}@host".
 *
 * Parsing knows no variables; src/app resolves what it finds. Spaces inside the braces do not
 * matter; there are no escapes, filters or nested braces.
 */
#ifndef SPINDLE_MANIFEST_EXPRESSION_H
#define SPINDLE_MANIFEST_EXPRESSION_H

#include "base/arena.h"
#include "base/str.h"

struct expression_part {
    bool is_variable;
    struct str text; /* as it stands, or a variable's name; a view of what was parsed */
};

/* Text and names in turn, as they follow each other. */
struct expression {
    size_t count;
    struct expression_part *parts;
};

/* NULL, or what is wrong. */
const char *expression_parse(struct arena *a, struct str text, struct expression *ret);

#endif
