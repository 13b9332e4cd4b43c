/*
 * The large tables of spin.toml, one file each. Everything lands in the manifest's arena.
 */
#ifndef SPINDLE_MANIFEST_TABLES_H
#define SPINDLE_MANIFEST_TABLES_H

#include "manifest/reader.h"

/* component.c: [component.<id>], all of them. */
int read_components(struct reading *r, struct manifest *m, enum manifest_purpose purpose);
/*
 * component.c: a component that stands in a trigger's `component`; the manifest's list has room.
 * Its id is made from the trigger's (empty: none was given).
 */
int read_inline_component(struct reading *r, struct manifest *m, const struct toml_node *table,
    struct str trigger_id, enum manifest_purpose purpose, struct str *ret_id);
/* trigger.c: [trigger], after the components. */
int read_triggers(struct reading *r, struct manifest *m, enum manifest_purpose purpose);

#endif
