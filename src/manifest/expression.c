#include "manifest/expression.h"

#include "manifest/names.h"

/* Index of the first "{{" (or "}}"), or -1. */
static ptrdiff_t find_pair(struct str s, char c)
{
    for (size_t i = 0; i + 1 < s.len; i++)
        if (s.ptr[i] == c && s.ptr[i + 1] == c)
            return (ptrdiff_t)i;
    return -1;
}

static size_t count_variables(struct str text)
{
    size_t count = 0;
    for (ptrdiff_t at; (at = find_pair(text, '{')) >= 0; count++)
        text = str_skip(text, (size_t)at + 2);
    return count;
}

static void add(struct expression *e, bool is_variable, struct str text)
{
    if (is_variable || text.len)
        e->parts[e->count++] = (struct expression_part){is_variable, text};
}

const char *expression_parse(struct arena *a, struct str text, struct expression *ret)
{
    struct expression e = {0};
    e.parts = arena_alloc(a, (2 * count_variables(text) + 1) * sizeof *e.parts);
    for (ptrdiff_t open; (open = find_pair(text, '{')) >= 0;) {
        add(&e, false, str_make(text.ptr, (size_t)open));
        text = str_skip(text, (size_t)open + 2);
        ptrdiff_t close = find_pair(text, '}');
        if (close < 0)
            return "a template's `{{` has no `}}`";
        struct str name = str_trim(str_make(text.ptr, (size_t)close));
        if (!name.len)
            return "a template's `{{ }}` names no variable";
        const char *problem = check_variable_name(a, name);
        if (problem)
            return arena_printf(
                a, "`{{ %" STR_FMT " }}` names no variable: %s", STR_ARG(name), problem);
        add(&e, true, name);
        text = str_skip(text, (size_t)close + 2);
    }
    add(&e, false, text);
    *ret = e;
    return NULL;
}
