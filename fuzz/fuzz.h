/*
 * What every target shares. A target is one decoder on one input of a stranger: fuzz_one in
 * targets/<name>.c. Linked with libFuzzer it is given inputs that nobody thought of; linked with
 * replay.c it runs on files, as an ordinary test.
 *
 * Beside not crashing a target checks what its decoder promises: BUG_IF(promise broken).
 */
#ifndef SPINDLE_FUZZ_FUZZ_H
#define SPINDLE_FUZZ_FUZZ_H

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"

/* The target. The input ends where its memory ends, and nothing of one call may be left for the
 * next. */
void fuzz_one(struct str input);

/*
 * The contract of docs/errors.md on what a call returned: 0 with an untouched error, or negative
 * with a kind and a message. Empties the error; returns whether the call has succeeded.
 */
bool fuzz_succeeded(int result, struct error *err);

/* Taking an input apart. Each moves *input on and gives zero or "" when nothing is left. */
uint8_t fuzz_byte(struct str *input);
uint32_t fuzz_u32(struct str *input);
/* Up to the next '\n', which is taken too. */
struct str fuzz_line(struct str *input);

/* The path of a regular file with these bytes, for decoders that read files. Valid until the next
 * call. */
const char *fuzz_file(struct str bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#endif
