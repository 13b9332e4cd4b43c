/*
 * Values that the manifest gives to a component: fermyon:spin/variables, and wasi:config/store on
 * them. They are fixed when the application starts.
 */
#ifndef SPINDLE_SPIN_VARIABLES_H
#define SPINDLE_SPIN_VARIABLES_H

#include "base/arena.h"
#include "base/str.h"

struct spin_variable {
    struct str name, value;
};

struct spin_variables {
    size_t count;
    const struct spin_variable *items;
};

/* Why no variable can have this name, or NULL. Long names are cut: guests make them up. */
const char *spin_variable_name_problem(struct arena *a, struct str name);
/* NULL if there is none; `variables` may be NULL. */
const struct spin_variable *spin_variables_find(
    const struct spin_variables *variables, struct str name);

#endif
