/*
 * Where templates are kept, laid out as Spin's own store, so that both see the same:
 *
 *     <data>/templates/<id>_<SHA-256 of the id>/{metadata,content}/...
 *                                               .install.toml           where it is from
 *
 * with <data> = $SPIN_DATA_DIR, else $XDG_DATA_HOME/spin, else ~/.local/share/spin. A template in
 * it is always whole: it is written beside its place ("....stage") and swapped in. Who changes the
 * store holds the lock of its file ".lock".
 *
 * Templates that are built into the program are there too, behind those of the store.
 */
#ifndef SPINDLE_TEMPLATE_STORE_H
#define SPINDLE_TEMPLATE_STORE_H

#include "template/template.h"

struct template_store {
    const char *folder;
};

/* The store of the person; nothing is created. */
int template_store_find(struct arena *a, struct template_store *ret, struct error *err);

/* What lies in the store and cannot be used. */
struct template_fault {
    struct str name, reason; /* of one line */
};

struct template_listing {
    size_t count;
    struct template *items; /* sorted by id */
    size_t fault_count;
    struct template_fault *faults;
};

/* Everything in the store and in the program. */
int template_store_list(struct arena *a, const struct template_store *s,
    struct template_listing *ret, struct error *err);
/* ERROR_NOT_FOUND if there is none. */
int template_store_get(struct arena *a, const struct template_store *s, struct str id,
    struct template *ret, struct error *err);
/* Is it in the store itself? */
bool template_store_has(struct arena *a, const struct template_store *s, struct str id);
/* Those that are in the program, as a source has them: paths begin with the template's folder. */
struct template_files template_built_in(void);

/* Takes the lock, and makes the folder if it is not there. -1 with *err, else a descriptor. */
int template_store_lock(const struct template_store *s, struct error *err);
/* With the lock: puts a template in, in place of the one of the same id. Takes t->origin. */
int template_store_put(const struct template_store *s, const struct template *t, struct error *err);
/* With the lock. ERROR_NOT_FOUND if it is not in the store. */
int template_store_remove(const struct template_store *s, struct str id, struct error *err);

#endif
