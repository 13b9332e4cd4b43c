/*
 * A Spin template:
 *
 *     metadata/spin-template.toml   id, description, parameters ...: the structs below
 *     metadata/snippets/...         what `spin add` puts into spin.toml
 *     metadata/partials/...         what {% include %} and {% render %} name
 *     content/...                   what the new folder gets
 *
 * All of it is in memory and nothing in it is trusted.
 */
#ifndef SPINDLE_TEMPLATE_TEMPLATE_H
#define SPINDLE_TEMPLATE_TEMPLATE_H

#include "base/toml.h"
#include "template/files.h"

struct template_strings {
    size_t count;
    struct str *items;
};

/* [parameters] */
struct template_parameter {
    struct str name, prompt;
    struct str pattern; /* a regular expression; empty: none */
    bool has_default;
    struct str value;                /* the default */
    struct template_strings allowed; /* none: everything */
};

enum template_action { TEMPLATE_NEW_APPLICATION, TEMPLATE_ADD_COMPONENT, TEMPLATE_ACTIONS };

enum template_snippet {
    SNIPPET_COMPONENT,           /* appended to spin.toml */
    SNIPPET_APPLICATION_TRIGGER, /* the same */
    SNIPPET_VARIABLES,           /* merged into [variables] */
    TEMPLATE_SNIPPETS,
};

/* What is left out if the application's spin.toml has an entry. */
struct template_condition {
    struct str name, entry; /* "application.trigger.redis" */
    struct template_strings skip_files, skip_parameters, skip_snippets;
};

/* [new_application], [add_component] */
struct template_variant {
    bool supported;
    struct template_strings skip_files, skip_parameters;
    struct str snippets[TEMPLATE_SNIPPETS]; /* files of metadata/snippets; empty: none */
    size_t condition_count;
    struct template_condition *conditions;
};

/* [outputs]: a folder that is made */
struct template_output {
    struct str name, path; /* the path is Liquid */
    bool beside_manifest;  /* else in the component's folder */
};

struct template
{
    struct str id, description;
    struct template_strings tags;
    size_t parameter_count;
    struct template_parameter *parameters; /* in order of declaration */
    struct template_variant variants[TEMPLATE_ACTIONS];
    size_t output_count;
    struct template_output *outputs;
    struct template_files files;
    struct str origin; /* where it was installed from; empty if nobody knows */
    bool origin_is_git;
};

/*
 * Reads and checks a template's files. `name` is for messages, and is kept; a fault in
 * spin-template.toml is "NAME/metadata/spin-template.toml:LINE:COLUMN: ...".
 */
int template_read(struct arena *a, const char *name, const struct template_files *files,
    struct template *ret, struct error *err);
/* Whether the template has all the tags; case does not count. */
bool template_has_tags(const struct template *t, const struct template_strings *tags);
/* NULL if there is none of the name. */
const struct template_parameter *template_parameter(const struct template *t, struct str name);
/* Is the value allowed? ERROR_INVALID says what is wrong, in Spin's words. */
int template_check_value(
    const struct template_parameter *parameter, struct str value, struct error *err);

#endif
