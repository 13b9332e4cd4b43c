/*
 * Liquid, the language in which Spin templates are written, as far as they use it.
 *
 *     {{ expression | filter: argument }}        output
 *     {% tag %}                                  if unless case for assign capture comment raw
 *                                                include render break continue
 *     {{- -}}, {%- -%}                           white space beside them goes
 *
 * Three passes, each in files of its own: the lexer cuts the text into pieces, the parser makes a
 * tree of them, the renderer writes it. A template is hostile: depth, steps and bytes are bounded
 * (base/limits.h), and nothing in it reaches a file or a program.
 *
 * How to add a filter: a function and a line in the table of liquid_filters.c.
 */
#ifndef SPINDLE_TEMPLATE_LIQUID_H
#define SPINDLE_TEMPLATE_LIQUID_H

#include "base/error.h"
#include "base/map.h"

/* A parsed text. Lives in the arena it was parsed into, and looks into the text. */
struct liquid_template;

/* A named text that was given from outside. */
struct liquid_variable {
    struct str name, value;
};

/* What a template may use; read only while rendering. */
struct liquid_globals {
    size_t count;
    const struct liquid_variable *variables;
    const struct map *partials; /* name -> struct liquid_template *; NULL: none */
};

/*
 * Parses. `name` is for messages ("content/app.py") and must outlive the template, as must `text`.
 * ERROR_INVALID: this is no Liquid. ERROR_NOT_FOUND: it is, with a filter that does not exist.
 */
int liquid_parse(struct arena *a, const char *name, struct str text,
    const struct liquid_template **ret_template, struct error *err);

enum liquid_output {
    LIQUID_PLAIN,
    LIQUID_TOML, /* {{ name }} alone is escaped, so that the value can stand in a basic string */
};

/* Appends to `out`, whose max bounds the result. The arena is for values made on the way. */
int liquid_render(struct arena *a, const struct liquid_template *t,
    const struct liquid_globals *globals, enum liquid_output output, struct buf *out,
    struct error *err);

#endif
