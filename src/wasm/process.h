/*
 * What the process has only one of: fault handlers, the preemption timer, per-thread alternate
 * stacks.
 *
 * The fault handler (SIGSEGV and SIGBUS; SIGFPE is not used) touches only: the calling thread's
 * struct wasm_thread, the table of reservations, the runs of writable pages of the memory that
 * the address lies in, its image's hot set, mprotect, and on a fault of ours the backtrace it dies
 * with. The preemption handler touches only struct wasm_thread. Its signal, SIGRTMIN + 1, comes on
 * the thread's CPU clock: a blocked system call is interrupted only by a tick that was due just
 * before, and is then repeated (SA_RESTART) or fails with EINTR.
 */
#ifndef SPINDLE_WASM_PROCESS_H
#define SPINDLE_WASM_PROCESS_H

#include <pthread.h>

#include "base/error.h"

/* Once per process, before any store is made; further calls do nothing. */
int wasm_process_init(struct error *err);
/*
 * Once per thread that will run guests; further calls do nothing. Reserves the alternate signal
 * stack and learns the bounds of the thread's stack. A thread other than the first must have been
 * created with wasm_thread_attributes, or the call fails with ERROR_LIMIT: its guard would be too
 * small.
 */
int wasm_thread_init(struct error *err);
/* Before such a thread ends. */
void wasm_thread_release(void);
/* Initialises attributes with a stack and a guard that are large enough; the caller destroys
 * them. */
int wasm_thread_attributes(pthread_attr_t *ret_attributes, struct error *err);
#endif
