/*
 * Executable forms of a module, shared by all its instances: the interpreter's, or translated code
 * from the cache.
 */
#ifndef SPINDLE_WASM_CODE_H
#define SPINDLE_WASM_CODE_H

#include "base/sha256.h"
#include "wasm/module.h"
#include "wasm/runtime.h"

/* Opaque outside src/wasm. Reference-counted: instances hold one each. */
struct wasm_code_unit;

/* The interpreter's form; bodies are lowered at their first call. The module must be valid and
 * outlive it. */
int wasm_code_interpret(
    const struct wasm_module *m, struct wasm_code_unit **ret_code, struct error *err);

struct wasm_translate_options {
    bool load_barrier; /* keep loads whose result is unused, as they may trap */
    bool use_gs;       /* memory 0 through the gs segment (x86-64 only) */
    unsigned units;    /* C files to split the output into; 0 chooses by size */
};

/*
 * SHA-256 over what determines the code: every section but custom, data, the values of global
 * initialisers and the limits of memories, all of which are read when the code runs; the
 * translator's version; WASM_LAYOUT_VERSION; options and compiler flags; the version of the
 * compiler that built this program, so that a program without a compiler finds what was shipped
 * with it.
 */
void wasm_code_key(const struct wasm_module *m, const struct wasm_translate_options *options,
    uint8_t ret_key[SHA256_SIZE]);

/*
 * Translated code from the cache folders (shipped first, then the user's), or ERROR_NOT_FOUND.
 * `shipped` may be NULL.
 */
int wasm_code_load(const struct wasm_module *m, const struct wasm_translate_options *options,
    const char *shipped, struct wasm_code_unit **ret_code, struct error *err);
/* Is there code under this key? Cheap; used to skip validating bodies that were valid when
 * translated. */
bool wasm_code_exists(
    const struct wasm_module *m, const struct wasm_translate_options *options, const char *shipped);
/*
 * Translates, compiles with clang and stores under the key in `folder` (NULL: the user's cache),
 * under a lock, through a temporary name. Takes seconds to minutes. `progress` may be NULL; it is
 * called with units done and units in all.
 */
int wasm_code_compile(const struct wasm_module *m, const struct wasm_translate_options *options,
    const char *folder, void (*progress)(void *, unsigned done, unsigned all), void *progress_data,
    struct error *err);

void wasm_code_ref(struct wasm_code_unit *code);
void wasm_code_unref(struct wasm_code_unit *code);

#endif
