/*
 * The texts of traps.
 */
#include "wasm/trap.h"

static const char *const messages[] = {
#define X(name, message) [WASM_TRAP_##name] = message,
    WASM_TRAPS(X)
#undef X
};

const char *wasm_trap_message(enum wasm_trap_kind kind)
{
    return (size_t)kind < countof(messages) ? messages[kind] : "unknown trap";
}
