/* What the runtime tells this library when the memory is about to be written down. */
#ifndef GUEST_LIBC_SEAL_H
#define GUEST_LIBC_SEAL_H

/*
 * Drops every handle of the host. Files that are open are closed for good: reads and writes answer
 * EBADF, and their numbers are not used again.
 */
void libc_seal(void);

#endif
