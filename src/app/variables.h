/*
 * The variables of an application: what is given on the command line, by providers and by the
 * manifest, resolved once when the application starts.
 *
 * The first that has a value wins: `--variable`, the providers of the runtime config in its order,
 * the environment (SPIN_VARIABLE_NAME, then the same in ./.env), the manifest's default.
 */
#ifndef SPINDLE_APP_VARIABLES_H
#define SPINDLE_APP_VARIABLES_H

#include "manifest/manifest.h"
#include "manifest/runtime_config.h"
#include "spin/variables.h"

struct app_variables {
    struct arena arena;
    struct spin_variables values; /* one for each of the manifest's, in its order */
};

/*
 * Reads the argument of `--variable` and adds what it says: NAME=VALUE, NAME=@FILE (the file's
 * text), @FILE.json, @FILE.toml (a table of strings).
 */
int app_variables_read_option(
    struct arena *a, const char *text, struct manifest_pairs *pairs, struct error *err);

/* `config` may be NULL. ERROR_NOT_FOUND for a required variable that nobody has a value for. */
int app_variables_resolve(const struct manifest *m, const struct manifest_pairs *given,
    const struct runtime_config *config, struct app_variables *ret_variables, struct error *err);
void app_variables_release(struct app_variables *variables);

/*
 * The text of a template of the manifest, in the arena. An error names the template's place:
 * ERROR_INVALID for one that is malformed or names a variable that the manifest does not have.
 */
int app_variables_expand(const struct app_variables *variables, const struct manifest *m,
    struct str template, struct manifest_place place, struct arena *a, struct str *ret_text,
    struct error *err);
/* The same for a component's table of variables. */
int app_variables_of_component(const struct app_variables *variables, const struct manifest *m,
    const struct manifest_component *component, struct arena *a, struct spin_variables *ret,
    struct error *err);

#endif
