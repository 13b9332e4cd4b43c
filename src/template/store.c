#include "template/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/vec.h"

#define RECORD_NAME ".install.toml"
static const char stage_ending[] = ".stage", unstage_ending[] = ".unstage";

int template_store_find(struct arena *a, struct template_store *ret, struct error *err)
{
    const char *own = getenv("SPIN_DATA_DIR"), *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (own && *own)
        ret->folder = path_join(a, own, "templates");
    else if (data && data[0] == '/')
        ret->folder = path_join(a, data, "spin/templates");
    else if (home && home[0] == '/')
        ret->folder = path_join(a, home, ".local/share/spin/templates");
    else
        return error_set(err, ERROR_NOT_FOUND,
            "no folder for templates: set SPIN_DATA_DIR, or HOME to an absolute path");
    return 0;
}

/* The folder of a template: what is unusual in the id is replaced, its digest makes it unique. */
static char *folder_of(struct arena *a, const struct template_store *s, struct str id)
{
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct sha256 hash;
    char *name = arena_printf(a, "%" STR_FMT, STR_ARG(id));
    for (char *c = name; *c; c++)
        if (!((*c >= '0' && *c <= '9') || (unsigned)((*c | 0x20) - 'a') < 26 || *c == '-'))
            *c = '_';
    sha256_init(&hash);
    sha256_update(&hash, id.ptr, id.len);
    sha256_final(&hash, digest);
    sha256_hex(digest, hex);
    return arena_printf(a, "%s/%s_%s", s->folder, name, hex);
}

/* -------------------------------------------------------------------------------------- reading */

/* git = "..", dir = ".." or url = ".." */
static void read_record(struct arena *a, struct template *t)
{
    static const char *const kinds[] = {"git", "dir", "url"};
    struct error err CLEANUP(error_release) = ERROR_INIT;
    const struct template_file *file = template_files_find(&t->files, STR(RECORD_NAME));
    struct toml_document doc;
    if (!file || toml_parse(a, RECORD_NAME, file->bytes, &doc, &err) < 0)
        return;
    for (size_t i = 0; i < countof(kinds); i++) {
        const struct toml_node *value = toml_get(doc.root, str_of(kinds[i]));
        if (!value || value->kind != TOML_STRING)
            continue;
        t->origin = value->string;
        t->origin_is_git = i == 0;
        return;
    }
}

static int read_installed(
    struct arena *a, const char *folder, struct template *ret, struct error *err)
{
    struct template_files files;
    if (template_files_read(a, folder, &files, err) < 0 ||
        template_read(a, folder, &files, ret, err) < 0)
        return -1;
    read_record(a, ret);
    return 0;
}

struct template_files template_built_in(void)
{
    return (struct template_files){
        .count = template_built_in_count, .items = template_built_in_files};
}

/* The next built-in template behind `at`; false at the end. */
static bool next_built_in(struct arena *a, size_t *at, struct template *ret)
{
    struct template_files all = template_built_in();
    struct error err = ERROR_INIT;
    if (*at == all.count)
        return false;
    struct str path = all.items[*at].path;
    struct str folder = str_make(path.ptr, (size_t)str_find_byte(path, '/'));
    struct template_files files = template_files_below(a, &all, folder);
    *at += files.count;
    if (template_read(a, arena_copy(a, folder).ptr, &files, ret, &err) < 0)
        BUG("built-in template: %s", error_message(&err));
    ret->origin = STR("built into spin");
    return true;
}

static int compare_ids(const void *left, const void *right)
{
    const struct template *a = left, *b = right;
    return str_compare(a->id, b->id);
}

static int compare_faults(const void *left, const void *right)
{
    const struct template_fault *a = left, *b = right;
    return str_compare(a->name, b->name);
}

struct listing {
    VEC(struct template) items;
    VEC(struct template_fault) faults;
};

static struct str first_line(struct arena *a, const char *text)
{
    return arena_copy(a, str_make(text, strcspn(text, "\n")));
}

static int list_one(struct arena *a, struct listing *l, const char *folder, struct error *err)
{
    struct error fault CLEANUP(error_release) = ERROR_INIT;
    struct template t;
    if (read_installed(a, folder, &t, &fault) == 0) {
        struct template *slot = VEC_PUSH(&l->items, a);
        if (slot)
            *slot = t;
        return slot ? 0 : error_set(err, ERROR_MEMORY, "no memory to list templates");
    }
    struct template_fault *slot = VEC_PUSH(&l->faults, a);
    if (!slot)
        return error_set(err, ERROR_MEMORY, "no memory to list templates");
    *slot = (struct template_fault){.name = arena_copy(a, str_of(path_name(folder))),
        .reason = first_line(a, error_message(&fault))};
    return 0;
}

static bool is_template_folder(const char *name)
{
    return name[0] != '.' && !str_ends_with(str_of(name), str_of(stage_ending)) &&
           !str_ends_with(str_of(name), str_of(unstage_ending));
}

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int list_installed(
    struct arena *a, const struct template_store *s, struct listing *l, struct error *err)
{
    CLEANUP(close_dir) DIR *dir = opendir(s->folder);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return error_set_os(err, errno, "cannot read folder '%s'", s->folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *folder = path_join(a, s->folder, entry->d_name);
        if (is_template_folder(entry->d_name) && file_is_dir(folder) &&
            list_one(a, l, folder, err) < 0)
            return -1;
    }
    return 0;
}

static int list_built_in(struct arena *a, struct listing *l, struct error *err)
{
    struct template t;
    for (size_t at = 0; next_built_in(a, &at, &t);) {
        bool hidden = false;
        for (size_t i = 0; i < l->items.len && !hidden; i++)
            hidden = str_equal(l->items.data[i].id, t.id);
        struct template *slot = hidden ? NULL : VEC_PUSH(&l->items, a);
        if (slot)
            *slot = t;
        else if (!hidden)
            return error_set(err, ERROR_MEMORY, "no memory to list templates");
    }
    return 0;
}

int template_store_list(struct arena *a, const struct template_store *s,
    struct template_listing *ret, struct error *err)
{
    struct listing l = {0};
    if (list_installed(a, s, &l, err) < 0 || list_built_in(a, &l, err) < 0)
        return -1;
    if (l.items.len)
        qsort(l.items.data, l.items.len, sizeof *l.items.data, compare_ids);
    if (l.faults.len)
        qsort(l.faults.data, l.faults.len, sizeof *l.faults.data, compare_faults);
    *ret = (struct template_listing){
        .count = l.items.len,
        .items = l.items.data,
        .fault_count = l.faults.len,
        .faults = l.faults.data,
    };
    return 0;
}

bool template_store_has(struct arena *a, const struct template_store *s, struct str id)
{
    return file_is_dir(folder_of(a, s, id));
}

int template_store_get(struct arena *a, const struct template_store *s, struct str id,
    struct template *ret, struct error *err)
{
    if (template_store_has(a, s, id)) {
        if (read_installed(a, folder_of(a, s, id), ret, err) < 0)
            return error_wrap(err, "Error retrieving template %" STR_FMT, STR_ARG(id));
        return 0;
    }
    struct template t;
    for (size_t at = 0; next_built_in(a, &at, &t);)
        if (str_equal(t.id, id)) {
            *ret = t;
            return 0;
        }
    return error_set(err, ERROR_NOT_FOUND, "Template %" STR_FMT " not found", STR_ARG(id));
}

/* ------------------------------------------------------------------------------------- changing */

int template_store_lock(const struct template_store *s, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    const char *path = arena_printf(&a, "%s/.lock", s->folder);
    if (file_make_dirs(s->folder, 0777, err) < 0)
        return -1;
    CLEANUP(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set_os(err, errno, "cannot open '%s'", path);
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return error_set_os(err, errno, "cannot lock '%s'", path);
    int locked = fd;
    fd = -1;
    return locked;
}

static int write_record(
    struct arena *a, const struct template *t, const char *folder, struct error *err)
{
    struct buf text CLEANUP(buf_release) = BUF_INIT(64 * KIB);
    buf_append_cstr(&text, t->origin_is_git ? "git = \"" : "dir = \"");
    for (size_t i = 0; i < t->origin.len; i++) {
        unsigned char c = (unsigned char)t->origin.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(&text, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buf_printf(&text, "\\u%04x", c);
        else
            buf_append_byte(&text, c);
    }
    buf_append_cstr(&text, "\"\n");
    return file_write(path_join(a, folder, RECORD_NAME), buf_str(&text), 0666, err);
}

/* Swaps two folders in one step; where the file system cannot, in two with the old one kept. */
static int swap_in(struct arena *a, const char *stage, const char *final, struct error *err)
{
    const char *unstage = arena_printf(a, "%s%s", final, unstage_ending);
    if (!file_exists(final)) {
        if (rename(stage, final) < 0)
            return error_set_os(err, errno, "cannot create '%s'", final);
        return 0;
    }
    if (renameat2(AT_FDCWD, stage, AT_FDCWD, final, RENAME_EXCHANGE) == 0)
        return 0;
    file_remove_tree(unstage);
    if (rename(final, unstage) < 0)
        return error_set_os(err, errno, "cannot replace '%s'", final);
    if (rename(stage, final) < 0) {
        int saved = errno;
        if (rename(unstage, final) < 0)
            return error_set_os(err, saved, "cannot replace '%s'; it is now '%s'", final, unstage);
        return error_set_os(err, saved, "cannot replace '%s'", final);
    }
    file_remove_tree(unstage);
    return 0;
}

/* Without the record of wherever it was installed before. */
static struct template_files without_record(struct arena *a, const struct template_files *files)
{
    struct template_file *items = arena_alloc(a, (files->count + 1) * sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < files->count; i++)
        if (!str_is(files->items[i].path, RECORD_NAME))
            items[count++] = files->items[i];
    return (struct template_files){.count = count, .items = items};
}

int template_store_put(const struct template_store *s, const struct template *t, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(SIZE_MAX / 2);
    const char *final = folder_of(&a, s, t->id);
    const char *stage = arena_printf(&a, "%s%s", final, stage_ending);
    struct template_files files = without_record(&a, &t->files);
    file_remove_tree(stage);
    int result = template_files_write(&files, stage, err);
    if (result == 0)
        result = write_record(&a, t, stage, err);
    if (result == 0)
        result = swap_in(&a, stage, final, err);
    file_remove_tree(stage);
    return result;
}

static int fail_not_installed(
    struct arena *a, const struct template_store *s, struct str id, struct error *err)
{
    struct error unknown CLEANUP(error_release) = ERROR_INIT;
    struct template ignored;
    bool built_in = template_store_get(a, s, id, &ignored, &unknown) == 0;
    return error_set(err, ERROR_NOT_FOUND,
        built_in ? "template '%" STR_FMT "' is built into spin and stays"
                 : "template '%" STR_FMT "' is not installed: see spin templates list",
        STR_ARG(id));
}

int template_store_remove(const struct template_store *s, struct str id, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(SIZE_MAX / 2);
    const char *final = folder_of(&a, s, id);
    const char *unstage = arena_printf(&a, "%s%s", final, unstage_ending);
    if (!file_is_dir(final))
        return fail_not_installed(&a, s, id, err);
    file_remove_tree(unstage);
    if (rename(final, unstage) < 0)
        return error_set_os(err, errno, "cannot remove '%s'", final);
    file_remove_tree(unstage);
    return 0;
}
