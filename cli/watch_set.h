/*
 * What `spin watch` looks at: the files that a manifest names, and the kernel's notices of changes.
 */
#ifndef SPINDLE_CLI_WATCH_SET_H
#define SPINDLE_CLI_WATCH_SET_H

#include "manifest/manifest.h"

/* What a change of a file asks for. */
enum watch_effect {
    WATCH_NOTHING = 0,
    WATCH_BUILDS = 1,
    WATCH_RESTARTS = 2,
};

struct watch_rule {
    struct str pattern; /* relative to the folder */
    unsigned effects;
};

struct watch_folder {
    int wd;
    struct str path; /* relative to the folder; "" is itself */
};

struct watch_set {
    struct arena arena; /* of the rules, and of paths */
    char *folder;       /* the application's */
    char *manifest;     /* name in it */
    int fd;             /* of inotify */
    size_t rule_count, rule_room;
    struct watch_rule *rules;
    size_t folder_count, folder_room;
    struct watch_folder *folders;
    bool incomplete; /* the kernel had no room for more: said once */
};

int watch_set_init(struct watch_set *set, const char *manifest_path, struct error *err);
void watch_set_release(struct watch_set *set);
/*
 * Takes the rules of a manifest in place of those before: what its build tables watch builds,
 * unless `skip_build`; components and `files` (unless `skip_files`) restart. NULL: the old rules
 * stay.
 */
void watch_set_rules(
    struct watch_set *set, const struct manifest *m, bool skip_build, bool skip_files);
/* Looks at folders that have come since; the rules' and what is below. */
void watch_set_refresh(struct watch_set *set);
/* Reads the notices that there are, without waiting; the effects of all of them. */
unsigned watch_set_read(struct watch_set *set);

#endif
