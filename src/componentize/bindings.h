/*
 * Functions that Python reaches by number: everything that the world imports, by interface, and
 * what handles resources that it exports. The guest learns names and numbers from its configuration
 * block and tells which interfaces the application uses; the component imports these alone.
 *
 * Likewise functions that the application implements, which are called by number.
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
    bool numbered, named;  /* used by the application, through either kind of import */
};

struct bindings {
    struct arena *arena;
    VEC(struct binding_interface) interfaces;
    size_t count; /* of names */
};

/* Exports; of their interfaces only module (empty for the world's own) and names are used. */
struct dispatches {
    struct bindings table;
    const struct encode_dispatch *list; /* by number */
};

/* In the arena, which is the resolve's. Nothing is used yet. */
int bindings_make(
    struct arena *a, const struct wit_world *world, struct bindings *ret, struct error *err);
int dispatches_make(
    struct arena *a, const struct wit_world *world, struct dispatches *ret, struct error *err);

/* The names of one interface as a setting's value: a line each. NULL when there are too many. */
char *bindings_lines(const struct bindings *b, const struct binding_interface *interface);

/*
 * Whether the component can do without an interface that the interpreter imports by name: one of
 * HTTP, or with `bare` any one of WASI, that the application does not use.
 */
bool bindings_dispensable(const struct bindings *b, struct str interface, bool bare);

/* For the encoder: those that are early, or those that are used; the others' names are empty. */
enum binding_choice { BINDINGS_EARLY, BINDINGS_USED };
int bindings_choose(const struct bindings *b, enum binding_choice choice,
    const struct encode_binding **ret, struct error *err);

#endif
