#include <ctype.h>

#include "wit/node.h"

/* Takes the part up to `mark` off the front; the rest begins behind the mark. */
static struct str split(struct str *s, char mark)
{
    ptrdiff_t at = str_find_byte(*s, mark);
    struct str part = at < 0 ? *s : str_make(s->ptr, (size_t)at);
    *s = at < 0 ? STR_EMPTY : str_skip(*s, (size_t)at + 1);
    return part;
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Numbers by value and before words; numbers have no leading zeros, so length decides first. */
static int compare_identifiers(struct str a, struct str b)
{
    bool a_number = is_number(a), b_number = is_number(b);
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number && a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return str_compare(a, b);
}

static int compare_dotted(struct str a, struct str b)
{
    while (a.len > 0 && b.len > 0) {
        int order = compare_identifiers(split(&a, '.'), split(&b, '.'));
        if (order != 0)
            return order;
    }
    return (a.len > 0) - (b.len > 0);
}

int version_compare(struct str a, struct str b)
{
    if (a.len == 0 || b.len == 0)
        return (a.len > 0) - (b.len > 0);
    struct str a_build = a, b_build = b;
    struct str a_rest = split(&a_build, '+'), b_rest = split(&b_build, '+');
    int order = compare_dotted(split(&a_rest, '-'), split(&b_rest, '-'));
    if (order != 0)
        return order;
    /* A release comes after its pre-releases. */
    if ((a_rest.len == 0) != (b_rest.len == 0))
        return a_rest.len == 0 ? 1 : -1;
    order = compare_dotted(a_rest, b_rest);
    return order != 0 ? order : compare_dotted(a_build, b_build);
}

int package_name_compare(const struct ast_package_name *a, const struct ast_package_name *b)
{
    int order = str_compare(a->namespace, b->namespace);
    if (order == 0)
        order = str_compare(a->name, b->name);
    return order != 0 ? order : version_compare(a->version, b->version);
}

struct str package_name_text(struct arena *a, const struct ast_package_name *name)
{
    return str_of(arena_printf(a, "%" STR_FMT ":%" STR_FMT "%s%" STR_FMT, STR_ARG(name->namespace),
        STR_ARG(name->name), name->version.len > 0 ? "@" : "", STR_ARG(name->version)));
}
