/* fermyon:spin/variables: values that the manifest gives to a component. */
#ifndef SPINDLE_SPIN_VARIABLES_H
#define SPINDLE_SPIN_VARIABLES_H

#include "base/error.h"
#include "base/str.h"
#include "base/arena.h"

struct spin_variables {
    void *data;
    /*
     * The value of a variable, in the arena or longer-lived. ERROR_USAGE for a name that none can
     * have, ERROR_NOT_FOUND when the component has no such variable; anything else is the failure
     * of a provider.
     */
    int (*get)(
        void *data, struct str name, struct arena *a, struct str *ret_value, struct error *err);
};

#endif
