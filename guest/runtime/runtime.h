/*
 * The runtime: what runs between the component's exports and the application.
 *
 * Life of an instance:
 *
 *     _initialize -> spindle_init -> spindle_warm -> spindle_seal -> (the memory is written down)
 *                                                                       handle, handle, ...
 *
 * Up to the seal the host is the builder's; afterwards every handle() begins with memory as the
 * seal left it (or, under hosts that reuse instances, as the handle() before left it).
 */
#ifndef GUEST_RUNTIME_RUNTIME_H
#define GUEST_RUNTIME_RUNTIME_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

/* Exported under `name`. */
#define GUEST_EXPORT(name) __attribute__((export_name(name)))

/* False once the memory is sealed. */
extern bool runtime_is_building;
/* There will be no WASI at run time: no environment, no randomness. */
extern bool runtime_is_bare;

/* Interned names of attributes, and objects that every request uses. All made by handler_bind. */
struct handler {
    PyObject *app;          /* the module */
    PyObject *object;       /* instance of its IncomingHandler; NULL: no requests */
    PyObject *method;       /* bound handle_request; NULL if the class overrides handle() */
    PyObject *request_type; /* spin_sdk.http.Request */
    PyObject *response_type;
    PyObject *environment; /* os.environ._data */
};
extern struct handler handler;

/* Strings and other objects that C code holds for good: made at the start, kept by the seal. */
enum { RUNTIME_STRINGS_MAX = 64 };
extern PyObject *runtime_strings[RUNTIME_STRINGS_MAX];
extern size_t runtime_string_count;
/* An interned string that is held for good; NULL: a Python exception is set. */
PyObject *runtime_string(const char *text);
/* Holds the object for good (its reference is taken over). Returns it. */
PyObject *runtime_keep(PyObject *object);

/* The interface of requests, which is implemented in C as far as it can be. */
#define HANDLER_INTERFACE "wasi:http/incoming-handler@0.2.0"

/* Finds what every export needs. False: a Python exception is set. */
bool application_bind(PyObject *app);
/* Finds and makes what a request needs, if the world has requests; likewise. */
bool handler_bind(void);
/* Prints the exception that is set to sys.stderr, whatever it is, and clears it. */
void print_exception(void);

/* handler.c: answers one request by calling `method`. */
void handle_with(uint32_t request, uint32_t outparam, PyObject *method);

/* raw.c: for a class that overrides handle(), of the SDK's class or not. */
bool raw_bind(bool of_sdk);
void raw_handle(uint32_t request, uint32_t outparam);

/* Fills os.environ, and sys.argv, from the host. */
void refresh_environment(void);
void refresh_arguments(void);

/* warm.c: false, with the traceback printed, if the application's warm_up() fails. */
bool warm_modules(PyObject *app);
bool warm_requests(void);

/* seal.c: false if the memory cannot be made ready (out of memory). */
bool seal_interpreter(void);

/* The modules `_spindle` and `_crypt`. */
PyObject *PyInit__spindle(void);
PyObject *PyInit__crypt(void);

#endif
