#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "componentize/site.h"

extern char **environ;

/* Folders below an environment's lib that are looked through; deeper ones hold packages. */
enum { MAX_DEPTH = 4, MAX_OUTPUT = 64 * 1024 };

static int add_folder(
    struct arena *a, struct string_list *list, const char *path, struct error *err)
{
    char *real = realpath(path, NULL);
    if (!real)
        return 0;
    bool folder = file_is_dir(real), known = false;
    for (size_t i = 0; i < list->len; i++)
        known |= strcmp(list->data[i], real) == 0;
    const char **slot = folder && !known ? VEC_PUSH(list, a) : NULL;
    if (slot)
        *slot = arena_printf(a, "%s", real);
    free(real);
    return folder && !known && !slot ? error_set(err, ERROR_MEMORY, "the search path is too long")
                                     : 0;
}

/* The first folder of this name in or below `path`, or NULL. */
static const char *find_folder(struct arena *a, const char *path, const char *name, int depth)
{
    DIR *dir = opendir(path);
    if (!dir)
        return NULL;
    const struct dirent *entry;
    const char *found = NULL;
    while (!found && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        const char *child = path_join(a, path, entry->d_name);
        if (!file_is_dir(child))
            continue;
        found = strcmp(entry->d_name, name) == 0 ? child : NULL;
        if (!found && depth > 0)
            found = find_folder(a, child, name, depth - 1);
    }
    closedir(dir);
    return found;
}

/* Adds an environment's site-packages; 0 if there are none (with a warning), 1 if there are. */
static int add_environment(
    struct arena *a, const char *environment, struct string_list *list, struct error *err)
{
    const char *lib = path_join(a, environment, "lib");
    const char *found = find_folder(a, lib, "site-packages", MAX_DEPTH);
    if (!found) {
        fprintf(stderr, "warning: site-packages directory not found under %s\n", lib);
        return 0;
    }
    return add_folder(a, list, found, err) < 0 ? -1 : 1;
}

/* ------------------------------------------------------------------------------- programs */

static int read_all(int fd, struct buf *out)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        buf_append(out, chunk, (size_t)n);
    }
}

/* Runs a program with nothing to read and its errors thrown away; true if it exits with 0. */
static bool output_of(char *const argv[], struct buf *out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    int status = -1;
    if (failed == 0) {
        read_all(ends[0], out);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
    }
    close(ends[0]);
    return failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !out->failed;
}

/* site-packages of the environment that pipenv has for this folder: 1 if found. */
static int add_pipenv(struct arena *a, struct string_list *list, struct error *err)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_OUTPUT);
    char *const argv[] = {"pipenv", "--venv", NULL};
    if (!output_of(argv, &out))
        return 0;
    struct str path = arena_copy(a, str_trim(buf_str(&out)));
    return add_environment(a, path.ptr, list, err);
}

static int add_python_site(struct arena *a, struct string_list *list, struct error *err)
{
    static const char program[] =
        "import site\n"
        "for path in [site.getusersitepackages(), *site.getsitepackages()]: print(path)\n";
    CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_OUTPUT);
    char *const argv[] = {"python3", "-S", "-c", (char *)program, NULL};
    if (!output_of(argv, &out))
        return 0;
    struct str rest = buf_str(&out);
    while (rest.len > 0) {
        ptrdiff_t end = str_find_byte(rest, '\n');
        struct str line = end < 0 ? rest : str_make(rest.ptr, (size_t)end);
        if (add_folder(a, list, arena_copy(a, line).ptr, err) < 0)
            return -1;
        rest = end < 0 ? STR_EMPTY : str_skip(rest, (size_t)end + 1);
    }
    return 0;
}

static int add_site_packages(struct arena *a, struct string_list *list, struct error *err)
{
    const char *environment = getenv("VIRTUAL_ENV");
    if (environment && *environment)
        return add_environment(a, environment, list, err) < 0 ? -1 : 0;
    int found = add_pipenv(a, list, err);
    return found != 0 ? (found < 0 ? -1 : 0) : add_python_site(a, list, err);
}

int componentize_search_path(struct arena *a, const struct componentize_options *options,
    struct string_list *ret, struct error *err)
{
    *ret = (struct string_list){0};
    for (size_t i = 0; i < options->python_paths.len; i++)
        if (add_folder(a, ret, options->python_paths.data[i], err) < 0)
            return -1;
    return add_site_packages(a, ret, err);
}
