/*
 * The symbols under which wasi-libc imports the functions of wasi_snapshot_preview1: defining them
 * satisfies it, so that nothing of preview 1 is left in the module. Pointers and sizes arrive as
 * 32-bit integers.
 */
#ifndef GUEST_LIBC_PREVIEW1_H
#define GUEST_LIBC_PREVIEW1_H

#define PREVIEW1(function) __imported_wasi_snapshot_preview1_##function
/* A parameter that is an address in linear memory, as what it points to. */
#define AT(type, address) ((type *)(uintptr_t)(address))

#endif
