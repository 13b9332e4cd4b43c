/*
 * UTF-8 (RFC 3629): no surrogates, no overlong forms, at most U+10FFFF.
 */
#ifndef SPINDLE_BASE_UTF8_H
#define SPINDLE_BASE_UTF8_H

#include "base/str.h"

bool utf8_valid(struct str s);
/* Decodes the code point at *pos and moves past it; returns -1, without moving, if it is malformed.
 */
int32_t utf8_next(struct str s, size_t *pos);
/* Writes 1 to 4 bytes and returns how many; 0 if it is no scalar value. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
