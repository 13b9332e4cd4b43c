/*
 * The Spin host: Spin's own interfaces, beside those of src/wasi.
 *
 * How to add an interface: its WIT under wit/, one .c file here that fills the function struct
 * which tools/witc generates, its name in CMakeLists.txt, one line in hosts.c. What a component may
 * use of it is a member of struct spin_config, described in a header of its own; src/app fills it.
 *
 * A spin_context belongs to one component instance, beside its wasi_context, in whose arena the
 * objects behind handles live. So the life of a request is that of wasi.h; what an object holds of
 * the system is closed by its drop function, which a rewind calls for handles that are left.
 */
#ifndef SPINDLE_SPIN_SPIN_H
#define SPINDLE_SPIN_SPIN_H

#include "component/component.h"
#include "wasi/wasi.h"

struct spin_llm;
struct spin_redis;
struct spin_variables;
struct spin_key_value;
struct spin_sqlite;

/*
 * What one component is granted. Shared by all its instances and immutable while one exists. NULL:
 * nothing of that interface is granted, and it answers as Spin's does then.
 */
struct spin_config {
    struct str component; /* its id, for messages */
    const struct spin_llm *llm;
    const struct spin_redis *redis;
    const struct spin_variables *variables;
    const struct spin_key_value *key_value;
    const struct spin_sqlite *sqlite;
};

struct spin_context;

/* Both the configuration and the wasi_context must outlive it. */
int spin_context_new(const struct spin_config *config, struct wasi_context *wasi,
    struct spin_context **ret_context, struct error *err);
/* Forgets the last request, as wasi_context_reset does. */
void spin_context_reset(struct spin_context *context);
/* Takes NULL. */
void spin_context_free(struct spin_context *context);

/* Every interface of this host, to be offered together with wasi_hosts. `host` is NULL in each. */
const struct component_host *spin_hosts(size_t *ret_count);

#endif
