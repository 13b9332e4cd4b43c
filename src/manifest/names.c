#include "manifest/names.h"

#include "base/limits.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *check_word(struct arena *a, struct str word, char delimiter)
{
    if (!word.len)
        return arena_printf(a, "'%c'-separated words must not be empty", delimiter);
    if (!is_lower(word.ptr[0]) && !is_upper(word.ptr[0]))
        return arena_printf(a, "'%c'-separated words must start with an ASCII letter; got '%c'",
            delimiter, word.ptr[0]);
    bool lower = false, upper = false;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        lower = lower || is_lower(c);
        upper = upper || is_upper(c);
        if (!is_lower(c) && !is_upper(c) && !is_digit(c))
            return arena_printf(a,
                "'%c'-separated words may only contain alphanumeric ASCII; got '%c'", delimiter, c);
    }
    if (lower && upper)
        return arena_printf(a,
            "'%c'-separated words must be all lowercase or all UPPERCASE; got \"%" STR_FMT "\"",
            delimiter, STR_ARG(word));
    return NULL;
}

static const char *check_words(struct arena *a, struct str id, char delimiter)
{
    char other = delimiter == '-' ? '_' : '-';
    if (str_find_byte(id, other) >= 0)
        return arena_printf(a, "words must be separated with '%c', not '%c'", delimiter, other);
    for (;;) {
        ptrdiff_t end = str_find_byte(id, delimiter);
        struct str word = str_make(id.ptr, end < 0 ? id.len : (size_t)end);
        const char *problem = check_word(a, word, delimiter);
        if (problem || end < 0)
            return problem;
        id = str_make(id.ptr + end + 1, id.len - (size_t)end - 1);
    }
}

const char *check_kebab_id(struct arena *a, struct str id)
{
    return check_words(a, id, '-');
}

const char *check_label(struct arena *a, struct str label)
{
    bool kebab = str_find_byte(label, '-') >= 0, snake = str_find_byte(label, '_') >= 0;
    if (kebab && snake)
        return arena_printf(
            a, "expected kebab-case or snake_case; got \"%" STR_FMT "\"", STR_ARG(label));
    return check_words(a, label, snake ? '_' : '-');
}

const char *check_variable_name(struct arena *a, struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (is_upper(name.ptr[i]))
            return arena_printf(a,
                "Lower-case identifiers must be all lowercase; got \"%" STR_FMT "\"",
                STR_ARG(name));
    return check_words(a, name, '_');
}

const char *check_route(struct arena *a, struct str route)
{
    struct str rest = route;
    size_t segments = 0, parameters = 0;
    while (rest.len) {
        if (rest.ptr[0] == '/')
            rest = str_skip(rest, 1);
        ptrdiff_t end = str_find_byte(rest, '/');
        struct str segment = str_make(rest.ptr, end < 0 ? rest.len : (size_t)end);
        bool last = end < 0;
        if ((str_is(segment, "...") || str_is(segment, "*")) && !last)
            return arena_printf(
                a, "`%" STR_FMT "` must be the last part of a route", STR_ARG(segment));
        segments++;
        parameters += str_starts_with(segment, STR(":"));
        if (str_is(segment, ":"))
            return arena_printf(a, "a parameter of a route needs a name, as in `:name`");
        for (size_t i = 0; i < segment.len; i++)
            if ((unsigned char)segment.ptr[i] <= ' ' || segment.ptr[i] == '?' ||
                segment.ptr[i] == '#')
                return arena_printf(a, "a route has no spaces, `?` or `#`");
        rest = last ? STR_EMPTY : str_skip(rest, (size_t)end);
    }
    if (segments > LIMIT_ROUTE_SEGMENTS || parameters > LIMIT_ROUTE_PARAMETERS)
        return arena_printf(a, "a route has at most %d parts, of which %d are parameters",
            LIMIT_ROUTE_SEGMENTS, LIMIT_ROUTE_PARAMETERS);
    return NULL;
}

struct str nearest_name(struct str given, const struct str *names, size_t count)
{
    struct str best = STR_EMPTY;
    unsigned least = 3; /* that many edits make another word */
    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(given, names[i]);
        if (distance < least && 2 * distance <= given.len) {
            least = distance;
            best = names[i];
        }
    }
    return best;
}
