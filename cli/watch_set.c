#include "cli/watch_set.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/glob.h"
#include "base/limits.h"
#include "cli/command.h"

enum {
    CHANGES = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO,
    NOTICES = 64 * 1024, /* bytes that are read at once */
};

int watch_set_init(struct watch_set *set, const char *manifest_path, struct error *err)
{
    *set = (struct watch_set){.arena = ARENA_INIT(GIB)};
    set->folder = path_dir(&set->arena, manifest_path);
    set->manifest = arena_printf(&set->arena, "%s", path_name(manifest_path));
    set->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (set->fd < 0)
        return error_set_os(err, errno, "cannot watch files");
    return 0;
}

void watch_set_release(struct watch_set *set)
{
    fd_close(&set->fd);
    arena_release(&set->arena);
}

/* "./a//b" as "a/b", so that it looks like what the kernel tells. */
static struct str clean(struct arena *a, struct str path)
{
    char *out = arena_alloc(a, path.len + 1);
    size_t len = 0;
    while (path.len) {
        ptrdiff_t slash = str_find_byte(path, '/');
        struct str part = str_make(path.ptr, slash < 0 ? path.len : (size_t)slash);
        path = slash < 0 ? STR_EMPTY : str_skip(path, (size_t)slash + 1);
        if (!part.len || str_is(part, "."))
            continue;
        if (len)
            out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    return str_make(out, len);
}

/* Arrays in the arena grow by doubling; what they leave goes with the arena. */
static void *grown(struct arena *a, const void *items, size_t count, size_t *room, size_t size)
{
    *room = *room ? 2 * *room : 16;
    void *larger = arena_alloc(a, *room * size);
    if (count)
        memcpy(larger, items, count * size);
    return larger;
}

static void add_rule(struct watch_set *set, struct str pattern, unsigned effects)
{
    if (set->rule_count == set->rule_room)
        set->rules =
            grown(&set->arena, set->rules, set->rule_count, &set->rule_room, sizeof *set->rules);
    set->rules[set->rule_count++] = (struct watch_rule){clean(&set->arena, pattern), effects};
}

static struct str joined(struct watch_set *set, struct str folder, struct str name)
{
    if (!folder.len)
        return name;
    return str_of(
        arena_printf(&set->arena, "%" STR_FMT "/%" STR_FMT, STR_ARG(folder), STR_ARG(name)));
}

static void add_files(struct watch_set *set, const struct manifest_component *c)
{
    for (size_t i = 0; i < c->file_count; i++) {
        struct str source = c->files[i].source;
        const char *path = path_join(&set->arena, set->folder, arena_copy(&set->arena, source).ptr);
        add_rule(set, file_is_dir(path) ? joined(set, source, STR("**")) : source, WATCH_RESTARTS);
    }
}

void watch_set_rules(
    struct watch_set *set, const struct manifest *m, bool skip_build, bool skip_files)
{
    if (m) {
        set->rule_count = 0;
        add_rule(set, str_of(set->manifest), WATCH_RESTARTS | (skip_build ? 0 : WATCH_BUILDS));
        for (size_t i = 0; i < m->component_count; i++) {
            const struct manifest_component *c = &m->components[i];
            add_rule(set, c->source, WATCH_RESTARTS);
            for (size_t j = 0; !skip_build && j < c->build.watch.count; j++)
                add_rule(
                    set, joined(set, c->build.workdir, c->build.watch.items[j].text), WATCH_BUILDS);
            if (!skip_files)
                add_files(set, c);
        }
    }
    watch_set_refresh(set);
}

/* A folder is added once; the kernel answers with the same number when it is added again. */
static int add_folder(void *data, struct str path, struct error *err)
{
    struct watch_set *set = data;
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    (void)err;
    if (str_is(path, ".spin") || str_starts_with(path, STR(".spin/")))
        return 0;
    const char *name =
        path.len ? path_join(&a, set->folder, arena_copy(&a, path).ptr) : set->folder;
    int wd = inotify_add_watch(set->fd, name, CHANGES | IN_ONLYDIR);
    if (wd < 0) {
        if (errno == ENOSPC && !set->incomplete)
            cli_warn("the system has no room for more watched folders: raise "
                     "fs.inotify.max_user_watches; changes in '%s' will not be seen",
                name);
        set->incomplete = set->incomplete || errno == ENOSPC;
        return 0;
    }
    for (size_t i = 0; i < set->folder_count; i++)
        if (set->folders[i].wd == wd)
            return 0;
    if (set->folder_count == set->folder_room)
        set->folders = grown(
            &set->arena, set->folders, set->folder_count, &set->folder_room, sizeof *set->folders);
    set->folders[set->folder_count++] = (struct watch_folder){wd, arena_copy(&set->arena, path)};
    return 0;
}

void watch_set_refresh(struct watch_set *set)
{
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < set->rule_count; i++)
        if (glob_each_folder(set->folder, set->rules[i].pattern, add_folder, set, &err) < 0)
            error_release(&err);
}

static unsigned effects_of(const struct watch_set *set, struct str path)
{
    unsigned effects = WATCH_NOTHING;
    if (str_ends_with(path, STR(".swp")))
        return WATCH_NOTHING;
    for (size_t i = 0; i < set->rule_count; i++)
        if (str_equal(set->rules[i].pattern, path) ||
            glob_match(set->rules[i].pattern, path, GLOB_STAR_STOPS))
            effects |= set->rules[i].effects;
    return effects;
}

static void forget_folder(struct watch_set *set, int wd)
{
    for (size_t i = 0; i < set->folder_count; i++)
        if (set->folders[i].wd == wd) {
            set->folders[i] = set->folders[--set->folder_count];
            return;
        }
}

static unsigned read_notice(struct watch_set *set, const struct inotify_event *event, bool *ret_new)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    if (event->mask & IN_Q_OVERFLOW)
        return WATCH_BUILDS | WATCH_RESTARTS;
    if (event->mask & IN_IGNORED) {
        forget_folder(set, event->wd);
        return WATCH_NOTHING;
    }
    if (event->mask & IN_ISDIR) {
        *ret_new = *ret_new || (event->mask & (IN_CREATE | IN_MOVED_TO));
        return WATCH_NOTHING;
    }
    for (size_t i = 0; event->len && i < set->folder_count; i++) {
        const struct watch_folder *f = &set->folders[i];
        if (f->wd != event->wd)
            continue;
        const char *path = f->path.len ? path_join(&a, f->path.ptr, event->name) : event->name;
        return effects_of(set, str_of(path));
    }
    return WATCH_NOTHING;
}

unsigned watch_set_read(struct watch_set *set)
{
    _Alignas(struct inotify_event) char notices[NOTICES];
    unsigned effects = WATCH_NOTHING;
    bool new_folder = false;
    for (ssize_t n; (n = read(set->fd, notices, sizeof notices)) > 0;) {
        for (char *at = notices; at < notices + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(void *)at;
            effects |= read_notice(set, event, &new_folder);
            at += sizeof *event + event->len;
        }
    }
    if (new_folder)
        watch_set_refresh(set);
    return effects;
}
