/*
 * A template and values -> files.
 */
#ifndef SPINDLE_TEMPLATE_GENERATE_H
#define SPINDLE_TEMPLATE_GENERATE_H

#include "template/liquid.h"
#include "template/template.h"

/* The spin.toml that a component is added to. */
struct template_manifest {
    const char *path;
    struct buf text;
    struct toml_document document;
};

/*
 * Reads it. ERROR_NOT_FOUND, ERROR_INVALID: it is no TOML, or a manifest of version 1. The document
 * is in the arena and looks into the text.
 */
int template_manifest_load(
    struct arena *a, const char *path, struct template_manifest *ret, struct error *err);
void template_manifest_release(struct template_manifest *m);

/*
 * The variant with its conditions applied: what a condition that holds leaves out is left out, and
 * there are no conditions any more. `manifest`: NULL for a new application.
 */
struct template_variant template_variant_for(struct arena *a, const struct template *t,
    enum template_action action, const struct template_manifest *manifest);

struct template_job {
    const struct template *template;
    struct template_variant variant;    /* by template_variant_for */
    const char *folder;                 /* where the content goes */
    struct template_manifest *manifest; /* which snippets go into; NULL: a new application */
    bool no_vcs;                        /* without .gitignore */
    size_t value_count;
    const struct liquid_variable *values; /* of parameters, and Spin's own */
};

/*
 * Renders everything, checks it, then writes. A folder that does not exist appears at once and
 * whole; files of one that does are replaced one by one, each by a rename, and spin.toml is the
 * last. When rendering fails nothing is written.
 */
int template_generate(const struct template_job *job, struct error *err);

#endif
