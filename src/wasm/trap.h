/*
 * Traps: how a guest's execution ends early.
 */
#ifndef SPINDLE_WASM_TRAP_H
#define SPINDLE_WASM_TRAP_H

#include "base/macros.h"

/* name, message; the messages are those of the specification's test suite where it has one */
#define WASM_TRAPS(X)                                       \
    X(NONE, "no trap")                                      \
    X(UNREACHABLE, "unreachable")                           \
    X(OUT_OF_BOUNDS_MEMORY, "out of bounds memory access")  \
    X(OUT_OF_BOUNDS_TABLE, "out of bounds table access")    \
    X(UNDEFINED_ELEMENT, "undefined element")               \
    X(UNINITIALIZED_ELEMENT, "uninitialized element")       \
    X(INDIRECT_CALL_TYPE, "indirect call type mismatch")    \
    X(DIVIDE_BY_ZERO, "integer divide by zero")             \
    X(INTEGER_OVERFLOW, "integer overflow")                 \
    X(INVALID_CONVERSION, "invalid conversion to integer")  \
    X(STACK_EXHAUSTED, "call stack exhausted")              \
    X(DEADLINE, "the request's time is over")               \
    X(EXIT, "the guest has ended itself")                   \
    X(COMPONENT, "a rule of the component model is broken") \
    X(HOST, "a host function failed")

enum wasm_trap_kind {
#define X(name, message) WASM_TRAP_##name,
    WASM_TRAPS(X)
#undef X
};

/* Filled by wasm_call and by host functions. Plain data: nothing to release. */
struct wasm_trap {
    enum wasm_trap_kind kind;
    char detail[200]; /* more than the kind's message, or "" */
};

const char *wasm_trap_message(enum wasm_trap_kind kind);

#endif
