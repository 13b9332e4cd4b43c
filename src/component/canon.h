/*
 * The canonical ABI (component model, CanonicalABI.md): values between linear memory or flat core
 * values and an intermediate form in an arena. Lifting makes the intermediate form and checks
 * everything; lowering writes it out. A call from component to component lifts with the caller's
 * context and lowers with the callee's.
 *
 * Nothing here knows an engine: memory is base and size, the rest are callbacks. Each function
 * returns WASM_TRAP_NONE, or the trap with cx->trap->detail set.
 */
#ifndef SPINDLE_COMPONENT_CANON_H
#define SPINDLE_COMPONENT_CANON_H

#include "wasm/runtime.h"
#include "wit/type.h"

enum canon_encoding { CANON_UTF8, CANON_UTF16, CANON_LATIN1_UTF16 };

/* How the code units of a lifted string are laid out. */
enum canon_form { CANON_FORM_UTF8, CANON_FORM_UTF16, CANON_FORM_LATIN1 };

struct canon_string {
    const uint8_t *bytes; /* a copy, well-formed */
    uint32_t units;       /* code units: bytes, or pairs of bytes in UTF-16 */
    uint8_t form;         /* enum canon_form */
    bool dynamic;         /* lifted from latin1+utf16 */
};

/* Which member is set follows from the type's kind. */
struct canon_value {
    union {
        /* bool (0, 1), integers (sign-extended if signed), floats (bits), char, flags */
        uint64_t bits;
        void *rep; /* own, borrow */
        struct canon_string string;
        struct {
            union {
                struct canon_value *items;
                const uint8_t *raw; /* canon_is_raw(element): as in memory */
            };
            uint32_t count;
        } list;
        struct canon_value *fields; /* record, tuple: one each */
        struct {
            struct canon_value *payload; /* NULL: the case has none */
            uint32_t index;
        } variant; /* variant, enum, option, result */
    };
};

struct canon_context {
    struct wasm_memory *memory; /* base and size alone are used; NULL: none */
    enum canon_encoding encoding;
    struct arena *arena; /* of the intermediate form */
    struct wasm_trap *trap;
    /* Of the canonical options and the instance. NULL where the function's types need none. */
    enum wasm_trap_kind (*realloc)(struct canon_context *cx, uint32_t old, uint32_t old_size,
        uint32_t align, uint32_t new_size, uint32_t *ret_ptr);
    enum wasm_trap_kind (*lift_handle)(
        struct canon_context *cx, const struct wit_type *type, uint32_t handle, void **ret_rep);
    enum wasm_trap_kind (*lower_handle)(
        struct canon_context *cx, const struct wit_type *type, void *rep, uint32_t *ret_handle);
};

/* Elements whose bytes in memory are their value: integers. */
bool canon_is_raw(const struct wit_type *element);

/* A value at ptr, which canon_check_range has found aligned and in bounds. */
enum wasm_trap_kind canon_load(struct canon_context *cx, const struct wit_type *type, uint32_t ptr,
    struct canon_value *ret_value);
enum wasm_trap_kind canon_store(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t ptr);
/* From and to flat core values; *slots moves past those that the type has. */
enum wasm_trap_kind canon_lift_flat(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value **slots, struct canon_value *ret_value);
enum wasm_trap_kind canon_lower_flat(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, union wasm_value **slots);

/* Parameters (values: param_count of them), spilled to memory when there are too many. */
enum wasm_trap_kind canon_lift_params(struct canon_context *cx, const struct wit_func_type *type,
    const union wasm_value *slots, struct canon_value *values);
enum wasm_trap_kind canon_lower_params(struct canon_context *cx, const struct wit_func_type *type,
    const struct canon_value *values, union wasm_value *slots);
/* The result that a lifted core function left in slots. */
enum wasm_trap_kind canon_lift_result(struct canon_context *cx, const struct wit_type *type,
    const union wasm_value *slots, struct canon_value *ret_value);
/* The result of a lowered one: to slots[0], or to the area `out` if it does not fit. */
enum wasm_trap_kind canon_lower_result(struct canon_context *cx, const struct wit_type *type,
    const struct canon_value *value, uint32_t out, union wasm_value *slots);

/* Is `size` bytes at ptr aligned and inside memory? */
enum wasm_trap_kind canon_check_range(
    struct canon_context *cx, uint32_t ptr, uint64_t size, uint32_t align);
PRINTF_LIKE(2, 3)
enum wasm_trap_kind canon_trap(struct canon_context *cx, const char *fmt, ...);

#endif
