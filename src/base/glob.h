/*
 * Patterns of file names: "*.py", "assets/[a-z]?.png", "**" between slashes.
 *
 *     *      anything but a slash
 *     **     as a whole part of a path: any number of folders, none included; at the end:
 * everything ?      one character but a slash [ab-d] one of these; [!ab-d] one but these
 */
#ifndef SPINDLE_BASE_GLOB_H
#define SPINDLE_BASE_GLOB_H

#include "base/error.h"
#include "base/str.h"

enum glob_star {
    GLOB_STAR_STOPS,   /* `*` and `?` stop at a slash */
    GLOB_STAR_CROSSES, /* they take slashes too */
};

bool glob_match(struct str pattern, struct str path, enum glob_star star);
bool glob_is_pattern(struct str text);
/* NULL, or what is wrong with a pattern. */
const char *glob_problem(struct str pattern);
/*
 * Calls `each` with the path, relative to `root`, of every regular file below it (links to files
 * included, linked folders not) that the pattern matches, in the order of their names. Folders that
 * it cannot match are not opened; those that cannot be read are passed over. `each` returns 0, or
 * negative with *err filled, which ends the search. LIMIT_GLOB_DEPTH bounds how deep it goes.
 */
int glob_each(const char *root, struct str pattern,
    int (*each)(void *data, struct str path, struct error *err), void *data, struct error *err);
/* The same for the folders in which such files may be, `root` itself as "". */
int glob_each_folder(const char *root, struct str pattern,
    int (*each)(void *data, struct str path, struct error *err), void *data, struct error *err);

#endif
