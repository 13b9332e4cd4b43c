/*
 * What the builder tells the interpreter, as one block of bytes that stays in memory:
 *
 *     u32le count, then count x { u32le key_len, key, u32le value_len, value }
 *
 *     app          module name of the application
 *     path         guest path of a directory of the host; in the order of sys.path
 *     hash-seed    decimal: seed of string hashes
 *     env:NAME     a variable of the environment during the build
 *     world        the package of modules made for the world of the exports that follow
 *     export:INTERFACE        what the application implements, called by number: as below; for the
 *                             world's own functions without an interface
 *     stub-wasi    at run time there is no WASI: calling it traps
 *     import:INTERFACE        functions of the host, reached by number: the name of each and a
 *                             newline; numbers count through all such entries
 *     early-import:INTERFACE  the same; they can be called while the component is built, too
 *     vfs          an archive (libc/vfs.h)
 *     file:/PATH   an embedded file
 */
#ifndef GUEST_RUNTIME_CONFIG_H
#define GUEST_RUNTIME_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_text {
    const char *data; /* not terminated */
    size_t len;
};

struct config_entry {
    struct config_text key, value;
};

/* A position in the block. */
struct config {
    const uint8_t *data, *end;
    uint32_t left;
};

/* False if the block is too short for its count. */
bool config_open(struct config *config, const uint8_t *data, size_t len);
/* The next entry; false at the end or where the block is malformed (then `left` is not 0). */
bool config_next(struct config *config, struct config_entry *ret_entry);
/* Whether the key is `prefix`, or begins with it if that ends in ':'; *ret_rest is what follows. */
bool config_key(const struct config_entry *entry, const char *prefix, struct config_text *ret_rest);

#endif
