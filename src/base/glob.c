#include "base/glob.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"

bool glob_is_pattern(struct str text)
{
    return str_find_byte(text, '*') >= 0 || str_find_byte(text, '?') >= 0 ||
           str_find_byte(text, '[') >= 0;
}

/* Length of the "[...]" at the start, or 0 if it is not closed. A ']' right after '[' is a member.
 */
static size_t class_length(struct str p)
{
    size_t at = 1;
    if (at < p.len && p.ptr[at] == '!')
        at++;
    for (at++; at < p.len; at++)
        if (p.ptr[at] == ']')
            return at + 1;
    return 0;
}

const char *glob_problem(struct str pattern)
{
    for (size_t at = 0; at < pattern.len; at++) {
        if (pattern.ptr[at] == '[') {
            size_t len = class_length(str_skip(pattern, at));
            if (!len)
                return "a `[` is not closed";
            at += len - 1;
        } else if (str_starts_with(str_skip(pattern, at), STR("**"))) {
            bool begins = at == 0 || pattern.ptr[at - 1] == '/';
            if (!begins || (at + 2 < pattern.len && pattern.ptr[at + 2] != '/'))
                return "`**` must be a whole part of the path, as in `a/**/b`";
            at++;
        }
    }
    return NULL;
}

static bool class_has(struct str class, char c)
{
    bool negated = class.ptr[1] == '!', found = false;
    size_t end = class.len - 1;
    for (size_t at = negated ? 2 : 1; at < end; at++) {
        char low = class.ptr[at], high = low;
        if (at + 2 < end && class.ptr[at + 1] == '-') {
            high = class.ptr[at + 2];
            at += 2;
        }
        found = found || (c >= low && c <= high);
    }
    return found != negated;
}

/* How much of the pattern matches one character; 0: nothing of it does. */
static size_t match_one(struct str p, char c, enum glob_star star)
{
    bool slash = c == '/' && star == GLOB_STAR_STOPS;
    switch (p.len ? p.ptr[0] : '\0') {
    case '\0':
        return 0;
    case '?':
        return !slash;
    case '[': {
        size_t len = class_length(p);
        return len && !slash && class_has(str_make(p.ptr, len), c) ? len : 0;
    }
    default:
        return p.ptr[0] == c;
    }
}

/* Where to go on when something does not match: the star takes one more character. */
struct retry {
    bool set;
    struct str pattern, path;
};

bool glob_match(struct str pattern, struct str path, enum glob_star star)
{
    struct retry one = {0}, many = {0};
    bool at_part = true; /* a "**" may begin here */
    for (;;) {
        if (at_part && str_starts_with(pattern, STR("**")) &&
            (pattern.len == 2 || pattern.ptr[2] == '/')) {
            if (pattern.len == 2)
                return true;
            pattern = str_skip(pattern, 3);
            many = (struct retry){true, pattern, path};
            one.set = false;
            continue;
        }
        if (pattern.len && pattern.ptr[0] == '*') {
            pattern = str_skip(pattern, 1);
            one = (struct retry){true, pattern, path};
            at_part = false;
            continue;
        }
        if (!pattern.len && !path.len)
            return true;
        size_t used = path.len ? match_one(pattern, path.ptr[0], star) : 0;
        if (used) {
            at_part = path.ptr[0] == '/';
            pattern = str_skip(pattern, used);
            path = str_skip(path, 1);
            continue;
        }
        if (one.set && one.path.len && (one.path.ptr[0] != '/' || star == GLOB_STAR_CROSSES)) {
            one.path = str_skip(one.path, 1);
            pattern = one.pattern;
            path = one.path;
            at_part = false;
            continue;
        }
        ptrdiff_t slash = many.set ? str_find_byte(many.path, '/') : -1;
        if (slash < 0)
            return false;
        many.path = str_skip(many.path, (size_t)slash + 1);
        pattern = many.pattern;
        path = many.path;
        one.set = false;
        at_part = true;
    }
}

/* ---- files ---- */

struct search {
    struct str pattern;
    size_t parts; /* of the pattern; SIZE_MAX with a "**" */
    bool folders; /* `each` gets these instead of files */
    int (*each)(void *data, struct str path, struct error *err);
    void *data;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The names in a folder, sorted, in the arena. A folder that cannot be read has none. */
static size_t list_names(int fd, struct arena *a, char ***ret)
{
    size_t count = 0, room = 0;
    char **names = NULL;
    DIR *dir = fdopendir(dup(fd));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (count == room) {
            room = room ? 2 * room : 64;
            char **larger = arena_alloc(a, room * sizeof *larger);
            if (count)
                memcpy(larger, names, count * sizeof *names);
            names = larger;
        }
        names[count++] = arena_printf(a, "%s", entry->d_name);
    }
    if (dir)
        closedir(dir);
    if (count)
        qsort(names, count, sizeof *names, compare_names);
    *ret = names;
    return count;
}

static int search_folder(
    const struct search *s, int fd, const char *prefix, size_t depth, struct error *err);

static int search_entry(const struct search *s, int fd, const char *name, const char *path,
    size_t depth, struct error *err)
{
    struct stat st;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (S_ISDIR(st.st_mode)) {
        if (depth + 1 >= s->parts || depth >= LIMIT_GLOB_DEPTH)
            return 0;
        CLEANUP(fd_close)
        int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return inner < 0 ? 0 : search_folder(s, inner, path, depth + 1, err);
    }
    if (S_ISLNK(st.st_mode) && fstatat(fd, name, &st, 0) < 0)
        return 0;
    if (s->folders || !S_ISREG(st.st_mode) ||
        !glob_match(s->pattern, str_of(path), GLOB_STAR_STOPS))
        return 0;
    return s->each(s->data, str_of(path), err);
}

static int search_folder(
    const struct search *s, int fd, const char *prefix, size_t depth, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(GIB);
    char **names;
    if (s->folders && s->each(s->data, str_of(prefix), err) < 0)
        return -1;
    size_t count = list_names(fd, &a, &names);
    for (size_t i = 0; i < count; i++) {
        const char *path = *prefix ? path_join(&a, prefix, names[i]) : names[i];
        if (search_entry(s, fd, names[i], path, depth, err) < 0)
            return -1;
    }
    return 0;
}

/* The folders at the pattern's start that are plain names: "a/b" of "a/b/x?.py". */
static struct str plain_start(struct str pattern)
{
    size_t end = 0;
    for (struct str rest = pattern; rest.len;) {
        ptrdiff_t slash = str_find_byte(rest, '/');
        if (slash < 0 || glob_is_pattern(str_make(rest.ptr, (size_t)slash)))
            break;
        end = (size_t)(rest.ptr - pattern.ptr) + (size_t)slash;
        rest = str_skip(rest, (size_t)slash + 1);
    }
    return str_make(pattern.ptr, end);
}

static size_t count_parts(struct str pattern)
{
    size_t parts = 1;
    for (size_t i = 0; i < pattern.len; i++) {
        parts += pattern.ptr[i] == '/';
        if (str_starts_with(str_skip(pattern, i), STR("**")))
            return SIZE_MAX;
    }
    return parts;
}

static int search(const char *root, struct search s, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    struct str start = plain_start(s.pattern);
    s.parts = count_parts(s.pattern);
    const char *prefix = arena_printf(&a, "%" STR_FMT, STR_ARG(start));
    const char *folder = *prefix ? path_join(&a, root, prefix) : root;
    CLEANUP(fd_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    return search_folder(&s, fd, prefix, *prefix ? count_parts(start) : 0, err);
}

int glob_each(const char *root, struct str pattern,
    int (*each)(void *data, struct str path, struct error *err), void *data, struct error *err)
{
    return search(root, (struct search){.pattern = pattern, .each = each, .data = data}, err);
}

int glob_each_folder(const char *root, struct str pattern,
    int (*each)(void *data, struct str path, struct error *err), void *data, struct error *err)
{
    return search(root,
        (struct search){.pattern = pattern, .folders = true, .each = each, .data = data}, err);
}
