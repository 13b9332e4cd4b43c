/*
 * `spin new` and `spin add`: from what a person wants to files.
 */
#ifndef SPINDLE_TEMPLATE_CREATE_H
#define SPINDLE_TEMPLATE_CREATE_H

#include "template/liquid.h"
#include "template/store.h"

/*
 * How a person is asked. Each function returns -1 with *err when there will be no answer (the end
 * of the input). Answers are in the arena that template_create was given.
 */
struct template_dialog {
    int (*choose)(struct arena *a, const char *prompt, const struct template_listing *items,
        size_t *ret_index, struct error *err);
    /* `otherwise`: what an empty answer means; NULL: nothing. */
    int (*ask)(struct arena *a, const char *prompt, const struct str *otherwise,
        struct str *ret_answer, struct error *err);
    int (*confirm)(struct arena *a, const char *question, bool *ret_yes, struct error *err);
    /* What is wrong with an answer, before the question comes again. */
    void (*complain)(const char *line);
};

struct template_request {
    enum template_action action;
    const char *id;               /* of the template; NULL: asked for */
    struct template_strings tags; /* among which, then */
    const char *name;             /* NULL: asked for */
    const char *output;           /* the new folder, from the manifest's; NULL: by the name */
    const char *manifest;         /* TEMPLATE_ADD_COMPONENT: the spin.toml */
    const char *values_file;      /* TOML; or NULL */
    size_t value_count;
    const struct liquid_variable *values; /* before those of the file; the last of a name counts */
    bool accept_defaults, no_vcs, allow_overwrite;
    const struct template_dialog *dialog; /* NULL: nobody is there to be asked */
    void (*note)(const char *line);
};

/*
 * Finds the template, asks for what is missing, writes. *ret_made: false if the person decided
 * against it.
 */
int template_create(struct arena *a, const struct template_store *s,
    const struct template_request *request, bool *ret_made, struct error *err);
/* ERROR_INVALID for a name that is not made of segments which begin with letters. */
int template_check_name(struct arena *a, struct str name, struct error *err);

#endif
