/*
 * Spin templates: what `spin new` copies. So far those that are built into the program.
 *
 *     templates/<id>/metadata/spin-template.toml   id, description, parameters
 *     templates/<id>/content/...                   rendered into the new folder
 */
#ifndef SPINDLE_TEMPLATE_TEMPLATE_H
#define SPINDLE_TEMPLATE_TEMPLATE_H

#include "base/toml.h"

/* A file of templates/, embedded when the program is built (templates/embed.cmake). */
struct template_file {
    const char *path; /* "http-py/content/app.py" */
    const unsigned char *bytes;
    size_t len;
};
extern const struct template_file template_files[];
extern const size_t template_file_count;

struct template_parameter {
    struct str name, prompt, pattern; /* pattern: empty for none */
    bool has_default;
    struct str value; /* the default */
};

struct template
{
    struct str id, description;
    size_t parameter_count;
    struct template_parameter *parameters; /* in order of declaration */
};

/* All built-in templates. */
int template_list(
    struct arena *a, struct template **ret_templates, size_t *ret_count, struct error *err);

struct template_value {
    struct str name, value;
};

/*
 * Replaces {{ name }} and {{ name | filter }} (kebab_case, snake_case, pascal_case). With
 * `toml_escape` values are written so that they can stand in a basic TOML string. ERROR_INVALID for
 * a name without a value or an unknown filter.
 */
int template_render(struct str text, const struct template_value *values, size_t count,
    bool toml_escape, struct buf *out, struct error *err);
/* Is the value allowed? ERROR_INVALID says what is wrong. */
int template_check_value(
    const struct template_parameter *parameter, struct str value, struct error *err);
/* Renders every content file of a template below `folder`, but one of the name `skip` (or NULL). */
int template_generate(const struct template *t, const char *folder, const char *skip,
    const struct template_value *values, size_t count, struct error *err);

#endif
