#include "roots.h"

#include <stdlib.h>
#include <string.h>

/* tuple<own<descriptor>, string> */
struct root {
    uint32_t descriptor;
    struct host_list path;
};

static struct host_list roots; /* of struct root, as the host gave it */
static bool roots_known;

static const struct root *root_at(uint32_t index)
{
    return (const struct root *)roots.data + index;
}

/* "/", "." and "./x" as this library names them: "", "" and "x". */
static struct host_list root_path(const struct root *root)
{
    struct host_list path = root->path;
    while (path.len > 0 && (path.data[0] == '/' ||
                               (path.data[0] == '.' && (path.len == 1 || path.data[1] == '/')))) {
        path.data++;
        path.len--;
    }
    while (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    return path;
}

static bool holds(const struct host_list *root, const char *path, size_t len)
{
    if (root->len == 0)
        return true;
    return len >= root->len && memcmp(path, root->data, root->len) == 0 &&
           (len == root->len || path[root->len] == '/');
}

bool roots_locate(const char *path, size_t len, struct host_place *ret_place)
{
    if (!roots_known)
        import_wasi_filesystem_preopens_get_directories(host_address(&roots));
    roots_known = true;
    const struct root *best = NULL;
    size_t best_len = 0;
    for (uint32_t i = 0; i < roots.len; i++) {
        struct host_list prefix = root_path(root_at(i));
        if (holds(&prefix, path, len) && (best == NULL || prefix.len > best_len)) {
            best = root_at(i);
            best_len = prefix.len;
        }
    }
    if (best == NULL)
        return false;
    if (best_len < len && path[best_len] == '/')
        best_len++;
    ret_place->descriptor = best->descriptor;
    ret_place->path = best_len == len ? "." : path + best_len;
    ret_place->path_len = best_len == len ? 1 : (uint32_t)(len - best_len);
    return true;
}

void roots_forget(void)
{
    for (uint32_t i = 0; i < roots.len; i++) {
        import_wasi_filesystem_types_descriptor_drop(root_at(i)->descriptor);
        host_list_free(&root_at(i)->path);
    }
    host_list_free(&roots);
    roots = (struct host_list){0};
    roots_known = false;
}
