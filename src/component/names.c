#include "component/names.h"

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

/* One fragment between hyphens: all lower or all upper case, digits anywhere but first of all. */
static bool is_fragment(struct str s, bool first, bool may_be_upper)
{
    bool lower = false, upper = false;
    if (s.len == 0 || (first && is_digit(s.ptr[0])))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        lower |= is_lower(s.ptr[i]);
        upper |= is_upper(s.ptr[i]);
        if (!is_lower(s.ptr[i]) && !is_upper(s.ptr[i]) && !is_digit(s.ptr[i]))
            return false;
    }
    return !(lower && upper) && (may_be_upper || !upper);
}

static bool is_kebab(struct str s, bool may_be_upper)
{
    for (bool first = true;; first = false) {
        ptrdiff_t hyphen = str_find_byte(s, '-');
        struct str fragment = hyphen < 0 ? s : str_make(s.ptr, (size_t)hyphen);
        if (!is_fragment(fragment, first, may_be_upper))
            return false;
        if (hyphen < 0)
            return true;
        s = str_skip(s, (size_t)hyphen + 1);
    }
}

bool name_is_label(struct str text)
{
    return is_kebab(text, true);
}

static int not_kebab(struct str text, struct error *err)
{
    return error_set(err, ERROR_INVALID, "`%" STR_FMT "` is not in kebab case", STR_ARG(text));
}

/* Dot-separated identifiers after - or +. */
static int parse_identifiers(struct str s, bool numbers_are_strict, struct error *err)
{
    for (;;) {
        ptrdiff_t dot = str_find_byte(s, '.');
        struct str part = dot < 0 ? s : str_make(s.ptr, (size_t)dot);
        bool numeric = true;
        if (part.len == 0)
            return error_set(err, ERROR_INVALID, "empty identifier segment in version");
        for (size_t i = 0; i < part.len; i++) {
            char c = part.ptr[i];
            numeric &= is_digit(c);
            if (!is_digit(c) && !is_lower(c) && !is_upper(c) && c != '-')
                return error_set(err, ERROR_INVALID, "unexpected character in version");
        }
        if (numbers_are_strict && numeric && part.len > 1 && part.ptr[0] == '0')
            return error_set(err, ERROR_INVALID, "invalid leading zero in version");
        if (dot < 0)
            return 0;
        s = str_skip(s, (size_t)dot + 1);
    }
}

static int parse_number(struct str *s, struct error *err)
{
    size_t n = 0;
    uint64_t value;
    while (n < s->len && is_digit(s->ptr[n]))
        n++;
    if (n == 0 && s->len)
        return error_set(err, ERROR_INVALID, "unexpected character '%c' in version", s->ptr[0]);
    if (n == 0)
        return error_set(err, ERROR_INVALID, "unexpected end of input in version");
    if (n > 1 && s->ptr[0] == '0')
        return error_set(err, ERROR_INVALID, "invalid leading zero in version");
    if (!str_to_u64(str_make(s->ptr, n), &value))
        return error_set(err, ERROR_INVALID, "version number is too large");
    *s = str_skip(*s, n);
    return 0;
}

int name_parse_version(struct str s, struct error *err)
{
    if (s.len == 0)
        return error_set(err, ERROR_INVALID, "empty string, expected a semver version");
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            if (s.len == 0)
                return error_set(err, ERROR_INVALID, "unexpected end of input in version");
            if (s.ptr[0] != '.')
                return error_set(
                    err, ERROR_INVALID, "unexpected character '%c' in version", s.ptr[0]);
            s = str_skip(s, 1);
        }
        if (parse_number(&s, err) < 0)
            return -1;
    }
    if (s.len && s.ptr[0] == '-') {
        ptrdiff_t plus = str_find_byte(s, '+');
        size_t end = plus < 0 ? s.len : (size_t)plus;
        if (parse_identifiers(str_make(s.ptr + 1, end - 1), true, err) < 0)
            return -1;
        s = str_skip(s, end);
    }
    if (s.len && s.ptr[0] == '+') {
        if (parse_identifiers(str_skip(s, 1), false, err) < 0)
            return -1;
        s = STR_EMPTY;
    }
    if (s.len)
        return error_set(err, ERROR_INVALID, "unexpected character '%c' in version", s.ptr[0]);
    return 0;
}

int name_parse_interface(struct str text, struct error *err)
{
    struct str s = text;
    ptrdiff_t colon = str_find_byte(s, ':');
    if (colon < 0)
        return error_set(err, ERROR_INVALID,
            "`%" STR_FMT "` is not a valid name: must be an interface", STR_ARG(text));
    struct str namespace = str_make(s.ptr, (size_t)colon);
    s = str_skip(s, (size_t)colon + 1);
    ptrdiff_t slash = str_find_byte(s, '/');
    struct str package = slash < 0 ? s : str_make(s.ptr, (size_t)slash);
    if (!is_kebab(namespace, true))
        return not_kebab(namespace, err);
    if (str_find_byte(package, ':') >= 0)
        return error_set(err, ERROR_INVALID, "expected `/` after package name");
    if (!is_kebab(package, true))
        return not_kebab(package, err);
    if (!is_kebab(namespace, false) || !is_kebab(package, false))
        return error_set(
            err, ERROR_INVALID, "`%" STR_FMT "` is not a valid extern name", STR_ARG(text));
    if (slash < 0)
        return error_set(err, ERROR_INVALID, "expected `/` after package name");
    s = str_skip(s, (size_t)slash + 1);
    ptrdiff_t at = str_find_byte(s, '@');
    struct str projection = at < 0 ? s : str_make(s.ptr, (size_t)at);
    if ((slash = str_find_byte(projection, '/')) >= 0)
        return error_set(err, ERROR_INVALID, "trailing characters found: `%" STR_FMT "`",
            STR_ARG(str_skip(projection, (size_t)slash)));
    if (!is_kebab(projection, true))
        return not_kebab(projection, err);
    return at < 0 ? 0 : name_parse_version(str_skip(s, (size_t)at + 1), err);
}

static int parse_dotted(struct str text, struct extern_name *ret, struct error *err)
{
    ptrdiff_t dot = str_find_byte(text, '.');
    if (dot < 0)
        return error_set(err, ERROR_INVALID, "failed to find `.` character");
    ret->resource = str_make(text.ptr, (size_t)dot);
    ret->label = str_skip(text, (size_t)dot + 1);
    if (!name_is_label(ret->resource))
        return not_kebab(ret->resource, err);
    if (!name_is_label(ret->label))
        return not_kebab(ret->label, err);
    return 0;
}

int name_parse(struct str text, struct extern_name *ret, struct error *err)
{
    static const struct {
        const char *prefix;
        enum name_kind kind;
    } annotations[] = {
        {"[constructor]", NAME_CONSTRUCTOR}, {"[method]", NAME_METHOD}, {"[static]", NAME_STATIC}};
    for (size_t i = 0; i < countof(annotations); i++) {
        struct str prefix = str_of(annotations[i].prefix);
        if (!str_starts_with(text, prefix))
            continue;
        ret->kind = annotations[i].kind;
        struct str rest = str_skip(text, prefix.len);
        if (ret->kind != NAME_CONSTRUCTOR)
            return parse_dotted(rest, ret, err);
        ret->resource = ret->label = rest;
        return name_is_label(rest) ? 0 : not_kebab(rest, err);
    }
    if (str_find_byte(text, ':') >= 0) {
        ret->kind = NAME_INTERFACE;
        return name_parse_interface(text, err);
    }
    ret->kind = NAME_LABEL;
    ret->label = text;
    return name_is_label(text) ? 0 : not_kebab(text, err);
}

/* Names that would clash in some language get the same key. */
static struct str unique_key(struct arena *a, struct str text)
{
    char *copy = arena_try_alloc(a, text.len + 1, 1);
    if (!copy)
        return STR_EMPTY;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)(is_upper(text.ptr[i]) ? text.ptr[i] - 'A' + 'a' : text.ptr[i]);
    struct str key = str_make(copy, text.len);
    struct str prefixes[] = {STR("[method]"), STR("[static]")};
    for (size_t i = 0; i < countof(prefixes); i++) {
        if (!str_starts_with(key, prefixes[i]))
            continue;
        key = str_skip(key, prefixes[i].len);
        ptrdiff_t dot = str_find_byte(key, '.');
        if (dot >= 0 && str_equal(str_make(key.ptr, (size_t)dot), str_skip(key, (size_t)dot + 1)))
            key = str_make(key.ptr, (size_t)dot);
    }
    return key;
}

int name_set_add(
    struct map *set, struct arena *a, struct str text, const char *what, struct error *err)
{
    struct str key = unique_key(a, text);
    struct str *previous = map_get(set, key);
    if (previous)
        return error_set(err, ERROR_INVALID,
            "%s `%" STR_FMT "` conflicts with previous name `%" STR_FMT "`", what, STR_ARG(text),
            STR_ARG(*previous));
    struct str *copy = arena_new(a, struct str);
    *copy = text;
    if (!map_put(set, key, copy))
        return error_set(err, ERROR_MEMORY, "out of memory for names");
    return 0;
}
