/*
 * The large tables of spin.toml, one file each. Everything lands in the manifest's arena.
 */
#ifndef SPINDLE_MANIFEST_TABLES_H
#define SPINDLE_MANIFEST_TABLES_H

#include "manifest/reader.h"

/* What the two versions call the fields of a component. */
struct component_keys {
    const struct field *fields;
    size_t field_count;
    const char *variables; /* the key of its variables */
    bool version1;
};

/* component.c: one component, whose id and place are set. */
int read_component(struct reading *r, const struct toml_node *table,
    const struct component_keys *keys, enum manifest_purpose purpose, struct manifest_component *c);
/* component.c: [component.<id>], all of them. */
int read_components(struct reading *r, struct manifest *m, enum manifest_purpose purpose);
/*
 * component.c: a component that stands in a trigger's `component`; the manifest's list has room.
 * Its id is made from the trigger's (empty: none was given).
 */
int read_inline_component(struct reading *r, struct manifest *m, const struct toml_node *table,
    struct str trigger_id, enum manifest_purpose purpose, struct str *ret_id);
/* manifest.c: [variables] */
int read_variables(struct reading *r, struct manifest *m);
/* trigger.c: the route and the executor of a table. */
int read_route(struct reading *r, const struct toml_node *table, const char *what,
    struct manifest_http_trigger *t);
int read_executor(struct reading *r, const struct toml_node *table);
/* version1.c: a whole manifest of version 1. */
int read_version1(struct reading *r, struct manifest *m, enum manifest_purpose purpose);
/* trigger.c: [trigger], after the components. */
int read_triggers(struct reading *r, struct manifest *m, enum manifest_purpose purpose);

#endif
