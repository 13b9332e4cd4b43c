/*
 * Shared by the canon_*.c files.
 */
#ifndef SPINDLE_COMPONENT_CANON_INT_H
#define SPINDLE_COMPONENT_CANON_INT_H

#include "component/canon.h"

enum { CANON_NAN32 = 0x7fc00000 };
#define CANON_NAN64 0x7ff8000000000000ull
/* The bit of a latin1+utf16 length that says UTF-16. */
#define CANON_UTF16_TAG 0x80000000u

/* Returns the trap from the function around it. */
#define CANON_TRY(expression)                          \
    do {                                               \
        enum wasm_trap_kind canon_try_ = (expression); \
        if (unlikely(canon_try_ != WASM_TRAP_NONE))    \
            return canon_try_;                         \
    } while (0)

/* An array in the context's arena. */
enum wasm_trap_kind canon_allocate(
    struct canon_context *cx, size_t count, size_t size, void *ret_pointer);
/* realloc, with its answer checked. */
enum wasm_trap_kind canon_realloc(struct canon_context *cx, uint32_t old, uint32_t old_size,
    uint32_t align, uint32_t new_size, uint32_t *ret_ptr);
/* ptr and length (in code units, tagged) of a string in memory. */
enum wasm_trap_kind canon_load_string(
    struct canon_context *cx, uint32_t ptr, uint32_t length, struct canon_string *ret_string);
enum wasm_trap_kind canon_store_string(struct canon_context *cx, const struct canon_string *string,
    uint32_t *ret_ptr, uint32_t *ret_length);

#endif
