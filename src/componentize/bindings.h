/*
 * Functions that Python reaches by number: everything that the world imports, by interface. The
 * guest learns names and numbers from its configuration block and tells which interfaces the
 * application uses; the component imports these alone.
 */
#ifndef SPINDLE_COMPONENTIZE_BINDINGS_H
#define SPINDLE_COMPONENTIZE_BINDINGS_H

#include "base/vec.h"
#include "component/encode.h"
#include "wit/resolve.h"

/* One interface; numbers count through all of them. */
struct binding_interface {
    struct str module;     /* of core imports: "wasi:http/types@0.2.0", "$root" */
    VEC(struct str) names; /* of core imports: "[method]fields.get" */
    bool early;            /* can be called while the component is built */
    bool used;             /* by the application */
};

struct bindings {
    struct arena *arena;
    VEC(struct binding_interface) interfaces;
    size_t count; /* of names */
};

/* In the arena, which is the resolve's. Nothing is `used` yet. */
int bindings_make(
    struct arena *a, const struct wit_world *world, struct bindings *ret, struct error *err);

/* The names of one interface as a setting's value: a line each. NULL when there are too many. */
char *bindings_lines(const struct bindings *b, const struct binding_interface *interface);

/* For the encoder: those that are early, or those that are used; the others' names are empty. */
enum binding_choice { BINDINGS_EARLY, BINDINGS_USED };
int bindings_choose(const struct bindings *b, enum binding_choice choice,
    const struct encode_binding **ret, struct error *err);

#endif
