/* Which core modules of a program are interpreted though they are not small. */
#include "component/code.h"
#include "component/program.h"

static size_t code_bytes(const struct wasm_module *module)
{
    enum { CODE_SECTION = 10 };
    return module->sections[CODE_SECTION].len;
}

const struct wasm_module *component_program_interpreted(const struct component_program *program,
    const struct component_native_options *native, size_t least, size_t index)
{
    for (size_t i = 0; i < program->steps.len; i++) {
        const struct wasm_module *module = program->steps.data[i].module;
        if (code_bytes(module) < least || component_code_exists(module, native))
            continue;
        if (index-- == 0)
            return module;
    }
    return NULL;
}
