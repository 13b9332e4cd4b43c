/*
 * What the process has only one of: fault handlers, the preemption timer, per-thread alternate
 * stacks.
 *
 * The fault handler (SIGSEGV, SIGBUS, SIGFPE is not used) touches only: the calling thread's
 * struct wasm_thread, the bitmaps of the memories of the store that runs on it, mprotect, and on a
 * fault of ours the backtrace it dies with. The preemption handler touches only struct wasm_thread.
 */
#ifndef SPINDLE_WASM_PROCESS_H
#define SPINDLE_WASM_PROCESS_H

#include "base/error.h"

/* Once per process, before any store is made; further calls do nothing. */
int wasm_process_init(struct error *err);
/*
 * Once per thread that will run guests; further calls do nothing. Reserves the alternate signal
 * stack and learns the bounds of the thread's stack.
 */
int wasm_thread_init(struct error *err);
void wasm_thread_release(void);
#endif
