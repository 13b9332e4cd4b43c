/* wasi:io/error. */
#include "wasi/context.h"

static enum wasm_trap_kind error_to_debug_string(
    struct component_call *call, struct wasi_io_error_error_borrow self, struct str *ret_result)
{
    (void)call;
    const struct wasi_io_error_error *error = self.object;
    *ret_result = str_of(error->text ? error->text : error->reason);
    if (ret_result->len == 0)
        *ret_result = STR("unknown error");
    return WASM_TRAP_NONE;
}

static void error_drop(void *host, struct wasi_io_error_error *error)
{
    wasi_object_free(host, error, sizeof(*error));
}

const struct wasi_io_error_functions wasi_io_error_functions = {
    .error_to_debug_string = error_to_debug_string,
    .error_drop = error_drop,
};
