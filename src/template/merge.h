/*
 * Snippets into the text of spin.toml. What a person wrote, comments too, stays as it is.
 */
#ifndef SPINDLE_TEMPLATE_MERGE_H
#define SPINDLE_TEMPLATE_MERGE_H

#include "base/arena.h"
#include "base/error.h"

/* The manifest without the white space at its end, an empty line, the snippet. */
void merge_append(struct str manifest, struct str snippet, struct buf *out);
/*
 * Puts the snippet's entries that [variables] does not have yet at the end of that table; without a
 * line [variables], writes one at the end (so the caller checks that the result is TOML). `name`
 * and `snippet_name` are for messages about the two texts. ERROR_INVALID if either is not TOML.
 */
int merge_variables(const char *name, struct str manifest, const char *snippet_name,
    struct str snippet, struct buf *out, struct error *err);

#endif
