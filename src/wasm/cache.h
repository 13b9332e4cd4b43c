/*
 * The folders in which translated code is kept, and the compiler that fills them.
 *
 *     <folder>/<key>.so     the shared object; several keys may be links to one
 *     <folder>/<key>.sum    "<size> <SHA-256 in hexadecimal>\n" of it, written after it
 *     <folder>/lock         held while something is compiled
 *     <folder>/tmp.XXXXXX/  what a compilation makes; left over ones are removed under the lock
 *
 * Trust: an object is loaded only if it belongs to this user or to root, nobody else may write it,
 * and the bytes behind the very descriptor that is loaded have the size and digest noted.
 */
#ifndef SPINDLE_WASM_CACHE_H
#define SPINDLE_WASM_CACHE_H

#include "base/sha256.h"
#include "wasm/code.h"

/* Options of the compiler, NULL-terminated; part of the code key. */
extern const char *const wasm_compiler_flags[];

/* The options as they take effect: gs exists on x86-64 only. */
struct wasm_translate_options wasm_effective_options(const struct wasm_translate_options *options);
/* <user's cache>/code. */
int wasm_cache_folder(struct arena *a, char **ret_folder, struct error *err);
/* "<folder>/<key in hexadecimal><suffix>" */
char *wasm_cache_path(
    struct arena *a, const char *folder, const uint8_t key[SHA256_SIZE], const char *suffix);

#endif
