/* The host's functions by name: the generated table, and what applies while building. */
#ifndef GUEST_RUNTIME_IMPORTS_H
#define GUEST_RUNTIME_IMPORTS_H

#include "libc/host.h"
#include "runtime.h"

/* NULL if this component does not import it. */
const struct guest_import *import_find(const char *interface, const char *name);
/* False, with a Python exception, if the function may not be called now. */
bool import_allowed(const struct guest_import *import, PyObject *interface, PyObject *name);

#endif
