/*
 * Names of imports and exports (Explainer.md, "Import and Export Definitions").
 */
#ifndef SPINDLE_COMPONENT_NAMES_H
#define SPINDLE_COMPONENT_NAMES_H

#include "base/error.h"
#include "base/map.h"

enum name_kind { NAME_LABEL, NAME_CONSTRUCTOR, NAME_METHOD, NAME_STATIC, NAME_INTERFACE };

struct extern_name {
    enum name_kind kind;
    struct str resource; /* annotated names: what stands before the dot */
    struct str label;    /* the label, or an annotated name's own label */
};

/* Kebab case: words of lower case or acronyms of upper case, joined by hyphens. */
bool name_is_label(struct str text);
/* "wasi:http/types@0.2.0" */
int name_parse_interface(struct str text, struct error *err);
int name_parse(struct str text, struct extern_name *ret_name, struct error *err);
/* A semantic version, as in semver.org. */
int name_parse_version(struct str text, struct error *err);

/*
 * Adds a name to a set of strongly-unique ones. `what` ("import name") is for the message.
 */
int name_set_add(
    struct map *set, struct arena *a, struct str text, const char *what, struct error *err);

#endif
