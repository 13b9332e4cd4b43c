/*
 * A .env file: NAME=VALUE lines, with comments, `export`, and quotes.
 *
 *     # a comment
 *     NAME = plain value       # ends here
 *     export OTHER='as it is'
 *     THIRD="a\nb \" \\ \$"    (may go over several lines)
 */
#ifndef SPINDLE_MANIFEST_DOTENV_H
#define SPINDLE_MANIFEST_DOTENV_H

#include "manifest/manifest.h"

/* `name` of the file stands in messages: "NAME:3: ...". Everything is copied into the arena. */
int dotenv_parse(struct arena *a, const char *name, struct str text, struct manifest_pairs *ret,
    struct error *err);

#endif
