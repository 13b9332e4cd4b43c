/*
 * The host's functions by name: those that the runtime imports itself (the generated table), and
 * the others of the world, which are reached by number through one import, `call`.
 */
#ifndef GUEST_RUNTIME_IMPORTS_H
#define GUEST_RUNTIME_IMPORTS_H

#include "config.h"
#include "libc/host.h"
#include "runtime.h"

enum import_kind { IMPORT_ABSENT, IMPORT_DIRECT, IMPORT_NUMBERED };

struct import {
    enum import_kind kind;
    const struct guest_import *direct;
    uint32_t number;
    bool early; /* can be called while the component is built */
};

/* An entry of the configuration block; its memory stays. False if there is no memory. */
bool import_add(struct config_text interface, struct config_text names, bool early);
/*
 * Finds a function, absent or not. Its interface counts as used from now on. False, with a Python
 * exception: the component was built without it.
 */
bool import_find(const char *interface, const char *name, struct import *ret_import);
/* False, with a Python exception, if the function may not be called now. */
bool import_allowed(const struct import *import, const char *interface, const char *name);
/* flat[i] is the i-th core parameter; *result gets a core result if there is one. */
void import_call(const struct import *import, const uint64_t *flat, uint64_t *result);

#endif
