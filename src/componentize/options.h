/*
 * The command line of componentize-py, read into plain values.
 */
#ifndef SPINDLE_COMPONENTIZE_OPTIONS_H
#define SPINDLE_COMPONENTIZE_OPTIONS_H

#include "base/error.h"
#include "base/vec.h"
#include "wit/python.h"

enum componentize_command {
    COMPONENTIZE_HELP,    /* print `help` and leave */
    COMPONENTIZE_VERSION, /* print the version and leave */
    COMPONENTIZE_BUILD,   /* `componentize` */
    COMPONENTIZE_BINDINGS,
};

struct string_list {
    const char **data;
    size_t len, cap;
};

struct name_list {
    struct wit_python_name *data;
    size_t len, cap;
};

struct componentize_options {
    enum componentize_command command;
    const char *help; /* the text to print */

    /* Global options. */
    struct string_list wit_paths;
    const char *world; /* NULL: the only world of the WIT files */
    struct string_list features;
    bool all_features, quiet, full_names;
    struct name_list import_names, export_names;
    const char *world_module; /* NULL: not given */

    /* componentize */
    const char *app;
    struct string_list python_paths;
    struct name_list module_worlds; /* interface is the module, module is the world */
    const char *output;
    bool stub_wasi;
    const char *hash_seed; /* NULL: from the inputs */

    /* bindings */
    const char *output_dir;
};

/*
 * Everything lives in the arena or in argv. An error is ERROR_USAGE; its message is the whole text
 * for the person, without a newline at its end.
 */
int componentize_options_parse(
    int argc, char **argv, struct arena *a, struct componentize_options *ret, struct error *err);

#endif
