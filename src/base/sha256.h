/*
 * SHA-256 (FIPS 180-4), by libcrypto, which uses the processor's instructions.
 */
#ifndef SPINDLE_BASE_SHA256_H
#define SPINDLE_BASE_SHA256_H

#include "base/str.h"

enum { SHA256_SIZE = 32, SHA256_HEX_SIZE = 65 };

struct sha256 {
    void *context;
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *bytes, size_t len);
/* Ends the computation and frees what it held. */
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE]);
/* Lower-case hexadecimal, NUL-terminated. */
void sha256_hex(const uint8_t digest[SHA256_SIZE], char text[SHA256_HEX_SIZE]);

#endif
