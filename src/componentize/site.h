/*
 * Where an application's modules come from: the folders that are given, then site-packages.
 */
#ifndef SPINDLE_COMPONENTIZE_SITE_H
#define SPINDLE_COMPONENTIZE_SITE_H

#include "componentize/options.h"

/*
 * The search path, as absolute paths of folders that exist: options->python_paths, then
 * site-packages of $VIRTUAL_ENV, else of pipenv's environment, else of python3. Folders that do not
 * exist are left out, as componentize-py does.
 */
int componentize_search_path(struct arena *a, const struct componentize_options *options,
    struct string_list *ret, struct error *err);

#endif
