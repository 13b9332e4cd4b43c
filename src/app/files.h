/*
 * What a component sees of the file system: the manifest's `files`, and nothing else.
 *
 * They are copied below a temporary folder of the application's own, so that what is edited while
 * it runs is not seen half-written; the guest's "/" is that folder. With direct mounts the guest
 * sees the folders themselves.
 */
#ifndef SPINDLE_APP_FILES_H
#define SPINDLE_APP_FILES_H

#include "app/app.h"
#include "wasi/wasi.h"

struct app_files {
    char *folder; /* of the copies; NULL until a component has some */
};

/* The preopens of a component, in the arena; none if it has no files. Errors name the place. */
int app_files_mount(struct app_files *files, const struct app_options *options,
    const struct manifest_component *component, struct arena *a,
    const struct wasi_preopen **ret_preopens, size_t *ret_count, struct error *err);
/* Removes the copies. */
void app_files_release(struct app_files *files);

#endif
