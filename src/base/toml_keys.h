/*
 * A look at TOML before it is parsed. The parser makes a table of each part of a dotted key and
 * frees tables in tables by recursion, so that the length of keys must have an end.
 */
#ifndef SPINDLE_BASE_TOML_KEYS_H
#define SPINDLE_BASE_TOML_KEYS_H

#include "base/str.h"

/*
 * False if a key has more than LIMIT_TOML_KEY_PARTS parts; *ret_at is where the first one too many
 * begins. In a text that is no TOML, keys behind the first fault may be overlooked.
 */
bool toml_keys_are_short(struct str text, size_t *ret_at);

#endif
