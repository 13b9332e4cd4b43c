/*
 * The files of a source of templates, and where they are from.
 */
#ifndef SPINDLE_TEMPLATE_SOURCE_H
#define SPINDLE_TEMPLATE_SOURCE_H

#include "template/install.h"

struct source_files {
    struct template_files files; /* paths begin with the template's folder */
    struct str origin;           /* for the store's record */
    bool is_complete;            /* what is not in it is not in the source */
};

/*
 * Fetches. The repository of the Python SDK, when it cannot be reached, is stood in for by the
 * templates that are built in, which is noted.
 */
int source_fetch(struct arena *a, const struct template_source *source,
    const struct template_reporter *reporter, struct source_files *ret, struct error *err);

#endif
