#include "component/code.h"

static struct wasm_translate_options shipped_options(const struct component_native_options *native)
{
    struct wasm_translate_options options = native->translate;
    options.load_barrier = false;
    return options;
}

bool component_code_exists(
    const struct wasm_module *module, const struct component_native_options *native)
{
    struct wasm_translate_options shipped = shipped_options(native);
    return (native->shipped && wasm_code_exists(module, &shipped, native->shipped)) ||
           wasm_code_exists(module, &native->translate, native->shipped);
}

/* 0, 1 if there is none, or -1. */
static int load(const struct wasm_module *module, const struct wasm_translate_options *options,
    const char *shipped, struct wasm_code_unit **ret, struct error *err)
{
    if (wasm_code_load(module, options, shipped, ret, err) == 0)
        return 0;
    if (err->kind != ERROR_NOT_FOUND)
        return error_wrap(err, "cannot load native code");
    error_release(err);
    return 1;
}

int component_code_choose(const struct wasm_module *module,
    const struct component_native_options *native, struct wasm_code_unit **ret, struct error *err)
{
    struct wasm_translate_options shipped = shipped_options(native);
    int result = native->shipped ? load(module, &shipped, native->shipped, ret, err) : 1;
    if (result > 0)
        result = load(module, &native->translate, native->shipped, ret, err);
    return result > 0 ? wasm_code_interpret(module, ret, err) : result;
}
