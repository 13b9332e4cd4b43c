#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"

static const char manifest_name[] = "spin.toml";
enum { PARENTS = 20 };

static int find_given(struct arena *a, const char *given, char **ret_path, struct error *err)
{
    if (file_is_dir(given)) {
        *ret_path = path_join(a, given, manifest_name);
        if (!file_exists(*ret_path))
            return error_set(err, ERROR_NOT_FOUND,
                "Directory %s does not contain a file named 'spin.toml'", given);
        return 0;
    }
    if (!file_exists(given))
        return error_set(err, ERROR_NOT_FOUND, "No such file or directory '%s'", given);
    *ret_path = arena_printf(a, "%s", given);
    return 0;
}

static char *relation(struct arena *a, unsigned level)
{
    if (level == 1)
        return arena_printf(a, "parent");
    char *name = arena_printf(a, "grandparent");
    while (level-- > 2)
        name = arena_printf(a, "great-%s", name);
    return name;
}

int cli_find_manifest(struct arena *a, const char *given, char **ret_path, struct error *err)
{
    if (given)
        return find_given(a, given, ret_path, err);
    char *path = arena_printf(a, "%s", manifest_name), *up = arena_printf(a, "..");
    for (unsigned level = 0; level <= PARENTS; level++) {
        if (file_exists(path)) {
            *ret_path = path;
            if (level)
                fprintf(stderr,
                    "No 'spin.toml' in current directory. Using 'spin.toml' from %s directory "
                    "(%s)\n",
                    relation(a, level), path);
            return 0;
        }
        if (file_exists(level ? path_join(a, path_dir(a, path), ".git") : ".git"))
            break;
        path = path_join(a, up, manifest_name);
        up = path_join(a, up, "..");
    }
    return error_set(err, ERROR_NOT_FOUND, "\"spin.toml\" not found");
}
