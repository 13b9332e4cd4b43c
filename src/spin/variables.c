#include "spin/variables.h"

#include "host/fermyon_spin_v2_variables.h"
#include "spin/context.h"

static struct fermyon_spin_v2_variables_error undefined(struct str name, struct arena *a)
{
    struct fermyon_spin_v2_variables_error error = {
        .tag = FERMYON_SPIN_V2_VARIABLES_ERROR_UNDEFINED};
    error.undefined = str_of(arena_printf(a, "no variable for \"%" STR_FMT "\"", STR_ARG(name)));
    return error;
}

/* The WIT error for what `get` said, its text in the arena. */
static struct fermyon_spin_v2_variables_error lift_error(struct error *err, struct arena *a)
{
    struct buf text = BUF_INIT(64 * KIB);
    error_append_line(err, &text);
    struct str message = arena_copy(a, buf_str(&text));
    buf_release(&text);
    struct fermyon_spin_v2_variables_error error = {0};
    switch (err->kind) {
    case ERROR_USAGE:
        error.tag = FERMYON_SPIN_V2_VARIABLES_ERROR_INVALID_NAME;
        error.invalid_name = message;
        break;
    case ERROR_NOT_FOUND:
        error.tag = FERMYON_SPIN_V2_VARIABLES_ERROR_UNDEFINED;
        error.undefined = message;
        break;
    default:
        error.tag = FERMYON_SPIN_V2_VARIABLES_ERROR_PROVIDER;
        error.provider = message;
    }
    error_release(err);
    return error;
}

static enum wasm_trap_kind get(struct component_call *call, struct str name,
    struct fermyon_spin_v2_variables_result_string_error *ret_result)
{
    const struct spin_variables *variables = spin_context_of(call)->config->variables;
    struct error err = ERROR_INIT;
    ret_result->is_err = true;
    if (!variables)
        ret_result->err = undefined(name, call->arena);
    else if (variables->get(variables->data, name, call->arena, &ret_result->ok, &err) == 0)
        ret_result->is_err = false;
    else
        ret_result->err = lift_error(&err, call->arena);
    return WASM_TRAP_NONE;
}

const struct fermyon_spin_v2_variables_functions fermyon_spin_v2_variables_functions = {.get = get};
