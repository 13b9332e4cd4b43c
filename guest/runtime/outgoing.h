/* Requests of the application to elsewhere: `_spindle.send`, which spin_sdk.http.send calls. */
#ifndef GUEST_RUNTIME_OUTGOING_H
#define GUEST_RUNTIME_OUTGOING_H

#include "runtime.h"

/* False: a Python exception is set. */
bool outgoing_prepare(PyObject *module);

#endif
