/*
 * What libcurl needs once in a process, before there is a second thread.
 */
#ifndef SPINDLE_CLIENT_PROCESS_H
#define SPINDLE_CLIENT_PROCESS_H

#include "base/error.h"

/* Does its work once; any thread may call it again. Nothing is ever undone. */
int client_process_init(struct error *err);

#endif
