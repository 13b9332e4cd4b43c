/* One request: from the host's resources to spin_sdk.http.Request, and from a Response back. */
#ifndef GUEST_RUNTIME_REQUEST_H
#define GUEST_RUNTIME_REQUEST_H

#include "runtime.h"

/* Make the objects that every request uses. False: a Python exception is set. */
bool request_prepare(void);
bool response_prepare(void);
/* A new spin_sdk.http.Request; drops the resource. NULL: a Python exception is set. */
PyObject *request_read(uint32_t request);
/*
 * Sends a spin_sdk.http.Response. False if the object is not one, before anything was sent: a
 * Python exception is set.
 */
bool response_send(PyObject *response, uint32_t outparam);
/* Sends a response without a body. */
void response_send_empty(unsigned status, uint32_t outparam);

#endif
