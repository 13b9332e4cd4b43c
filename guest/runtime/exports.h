/*
 * What the world exports, as the application implements it: functions by number, called with flat
 * values.
 */
#ifndef GUEST_RUNTIME_EXPORTS_H
#define GUEST_RUNTIME_EXPORTS_H

#include "config.h"
#include "value.h"

struct export;

/*
 * An entry of the configuration block; its memory stays. `world` is the package of modules made for
 * the world, "spin_sdk.wit". False if there is no memory.
 */
bool export_add(const char *world, struct config_text interface, struct config_text names);
/* NULL if the world has no such export. */
struct export *export_find(const char *interface, const char *name);
/*
 * Binds every export but the handler's to the application, by the tables of the worlds' packages.
 * False: a Python exception is set.
 */
bool exports_bind(void);
/* Binds one to a method of this object; world NULL: its own. Likewise. */
bool export_bind_method(struct export *export, const char *world, PyObject *object);
/* Calls a function that is bound. NULL: a Python exception is set. */
PyObject *export_call(const struct export *export, const uint64_t *flat);

#endif
