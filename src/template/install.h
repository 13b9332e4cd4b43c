/*
 * Templates from a source into the store.
 */
#ifndef SPINDLE_TEMPLATE_INSTALL_H
#define SPINDLE_TEMPLATE_INSTALL_H

#include "template/store.h"

/* The tag of templates that belong to this version of Spin. */
#define TEMPLATE_VERSION_TAG "spin/templates/v3.6"

enum template_source_kind { SOURCE_GIT, SOURCE_FOLDER, SOURCE_ARCHIVE };

struct template_source {
    enum template_source_kind kind;
    const char *where;  /* URL or "owner/name", folder, archive */
    const char *branch; /* of git; NULL: TEMPLATE_VERSION_TAG if there is one, else the default */
};

/* Where progress and notes go; a line each, without its end. */
struct template_reporter {
    void (*progress)(const char *line);
    void (*note)(const char *line);
};

struct template_skipped {
    struct str name, reason;
};

/* Each list sorted by name. */
struct template_installation {
    size_t installed_count;
    struct template *installed;
    size_t skipped_count;
    struct template_skipped *skipped;
    struct template_strings removed; /* ids: no longer in the repository */
};

/*
 * Installs every template of the source. Those that are there already are skipped, or replaced if
 * `update`; then templates from the same repository that it no longer has are removed. A template
 * that cannot be read is skipped with the reason. The whole source cannot be had: an error.
 */
int template_install(struct arena *a, const struct template_store *s,
    const struct template_source *source, bool update, const struct template_reporter *reporter,
    struct template_installation *ret, struct error *err);
/* Removes a template from the store. ERROR_NOT_FOUND if it is not in it. */
int template_uninstall(const struct template_store *s, struct str id, struct error *err);

#endif
