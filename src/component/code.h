/*
 * Which native code a core module of a component may run.
 */
#ifndef SPINDLE_COMPONENT_CODE_H
#define SPINDLE_COMPONENT_CODE_H

#include "component/component.h"

/*
 * Code that came with the program may do without the load barrier, since its modules are ours;
 * whatever else there is has it.
 */
bool component_code_exists(
    const struct wasm_module *module, const struct component_native_options *native);
/* Native code, else the interpreter's form. */
int component_code_choose(const struct wasm_module *module,
    const struct component_native_options *native, struct wasm_code_unit **ret_code,
    struct error *err);

#endif
