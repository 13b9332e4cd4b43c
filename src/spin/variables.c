#include "spin/variables.h"

#include "base/utf8.h"
#include "host/fermyon_spin_v2_variables.h"
#include "spin/context.h"

enum { SHOWN = 256 }; /* bytes of a name that a text has at most */

/* Cut between characters. */
static struct str shown(struct str name)
{
    size_t len = name.len < SHOWN ? name.len : SHOWN;
    while (len && len < name.len && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
        len--;
    return str_make(name.ptr, len);
}

static struct str character_at(struct str s, size_t at)
{
    size_t end = at;
    if (utf8_next(s, &end) < 0)
        end = at + 1;
    return str_make(s.ptr + at, end - at);
}

const char *spin_variable_name_problem(struct arena *a, struct str name)
{
    struct str quoted = shown(name);
    const char *rule = NULL;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
            return arena_printf(a,
                "\"%" STR_FMT "\": invalid character '%" STR_FMT "'. Variable names may contain "
                "only lower-case letters, numbers, and underscores.",
                STR_ARG(quoted), STR_ARG(character_at(name, i)));
        if (c == '_' && i && name.ptr[i - 1] == '_')
            rule = "must not contain multiple consecutive underscores";
    }
    if (!name.len || name.ptr[0] < 'a')
        rule = "must start with a lowercase ASCII letter";
    else if (name.ptr[name.len - 1] == '_')
        rule = "must end with a lowercase ASCII letter or digit";
    return rule ? arena_printf(a, "\"%" STR_FMT "\": %s", STR_ARG(quoted), rule) : NULL;
}

const struct spin_variable *spin_variables_find(
    const struct spin_variables *variables, struct str name)
{
    for (size_t i = 0; variables && i < variables->count; i++)
        if (str_equal(variables->items[i].name, name))
            return &variables->items[i];
    return NULL;
}

static const char *undefined(const struct spin_config *config, struct str name, struct arena *a)
{
    struct str component = shown(config->component), quoted = shown(name);
    if (config->variables && config->variables->count)
        return arena_printf(a, "no variable for \"%" STR_FMT "\".\"%" STR_FMT "\"",
            STR_ARG(component), STR_ARG(quoted));
    return arena_printf(a, "no variable for component \"%" STR_FMT "\"", STR_ARG(component));
}

/* Why there is no such variable. */
static struct fermyon_spin_v2_variables_error explain(struct component_call *call, struct str name)
{
    struct arena *a = spin_results(call);
    const char *problem = spin_variable_name_problem(a, name);
    struct fermyon_spin_v2_variables_error error;
    if (problem) {
        error.tag = FERMYON_SPIN_V2_VARIABLES_ERROR_INVALID_NAME;
        error.invalid_name = str_of(problem);
    } else {
        error.tag = FERMYON_SPIN_V2_VARIABLES_ERROR_UNDEFINED;
        error.undefined = str_of(undefined(spin_context_of(call)->config, name, a));
    }
    return error;
}

static enum wasm_trap_kind get(struct component_call *call, struct str name,
    struct fermyon_spin_v2_variables_result_string_error *ret_result)
{
    const struct spin_config *config = spin_context_of(call)->config;
    const struct spin_variable *variable = spin_variables_find(config->variables, name);
    ret_result->is_err = !variable;
    if (variable)
        ret_result->ok = variable->value;
    else
        ret_result->err = explain(call, name);
    return WASM_TRAP_NONE;
}

const struct fermyon_spin_v2_variables_functions fermyon_spin_v2_variables_functions = {.get = get};
