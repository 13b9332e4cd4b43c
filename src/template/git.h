/*
 * What is asked of the program git.
 */
#ifndef SPINDLE_TEMPLATE_GIT_H
#define SPINDLE_TEMPLATE_GIT_H

#include "base/arena.h"
#include "base/error.h"

/*
 * Runs "git ARGUMENTS" (NULL after the last) and waits. What it writes to `captured` (1: output,
 * 2: messages, in English) goes to `out`; the other one is thrown away. *ret_status is its exit
 * status. ERROR_CHILD if it cannot be started.
 */
int git_run(const char *const *arguments, int captured, struct buf *out, int *ret_status,
    struct error *err);
/*
 * Clones one commit of the branch or tag (NULL: the default branch) into a folder. ERROR_CHILD with
 * git's message.
 */
int git_clone(const char *url, const char *branch, const char *folder, struct error *err);
/*
 * Asks the repository for a tag. ERROR_CHILD, with git's message, if the repository cannot be
 * reached.
 */
int git_has_tag(const char *url, const char *tag, bool *ret, struct error *err);
/* Makes the folder a repository, quietly, unless it is inside of one or there is no git. */
void git_init(const char *folder);

/* Who writes: from where git would take it. Empty where nothing says it. */
struct git_author {
    struct str name, email;
};
struct git_author git_author(struct arena *a);

#endif
