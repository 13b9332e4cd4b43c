/*
 * Compiler helpers that every file may use.
 */
#ifndef SPINDLE_BASE_MACROS_H
#define SPINDLE_BASE_MACROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/banned.h"

#define countof(array)      (sizeof(array) / sizeof((array)[0]))
#define likely(x)           __builtin_expect(!!(x), 1)
#define unlikely(x)         __builtin_expect(!!(x), 0)
#define PRINTF_LIKE(fmt, a) __attribute__((format(printf, fmt, a)))
#define MUST_CHECK          __attribute__((warn_unused_result))
#define NORETURN            __attribute__((noreturn))
#define UNUSED              __attribute__((unused))

/*
 * CLEANUP(fn) variable: calls fn(&variable) when the variable leaves its scope.
 * Never on a path that a trap may jump over (docs/memory.md).
 */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Rounds up to a power of two; the caller makes sure that it cannot overflow. */
static inline size_t align_up(size_t value, size_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

/* A fault of ours: prints where and dies. Never for what a guest, peer, file or user may cause. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define BUG_IF(condition)                      \
    do {                                       \
        if (unlikely(condition))               \
            BUG("unexpected: %s", #condition); \
    } while (0)
NORETURN PRINTF_LIKE(3, 4) void bug_at(const char *file, int line, const char *fmt, ...);

#endif
