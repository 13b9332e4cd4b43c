/*
 * Validation of a decoded component (Explainer.md, Binary.md, CanonicalABI.md): resolves indices
 * and checks meaning. Leaves in the definitions what the linker needs.
 */
#ifndef SPINDLE_COMPONENT_VALIDATE_H
#define SPINDLE_COMPONENT_VALIDATE_H

#include "component/ast.h"
#include "component/component.h"

/* ERROR_INVALID, ERROR_UNSUPPORTED, ERROR_LIMIT or ERROR_MEMORY, with the offset. */
int validate_component(struct ast_component *component, struct arena *a,
    const struct component_native_options *native, struct error *err);

#endif
