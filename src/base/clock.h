/*
 * Time, in nanoseconds.
 */
#ifndef SPINDLE_BASE_CLOCK_H
#define SPINDLE_BASE_CLOCK_H

#include <time.h>

#include "base/macros.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

/* A point in monotonic time after which something stops; NEVER for none. */
typedef uint64_t deadline_t;
#define NEVER UINT64_MAX

static inline struct timespec clock_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}

uint64_t clock_monotonic_ns(void);
/* Since 1970-01-01 00:00 UTC. */
uint64_t clock_wall_ns(void);
/* CPU time that the calling thread has used. */
uint64_t clock_thread_cpu_ns(void);

#endif
