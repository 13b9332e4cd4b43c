/*
 * witc: writes C from the WIT packages of a folder.
 *
 *     witc host  -o OUT WITDIR [INTERFACE...]    OUT/host/<prefix>.h and .c for each
 *     witc guest -o OUT WITDIR [INTERFACE...]    OUT/guest_imports.h and .c
 *     witc names WITDIR [INTERFACE...]           the prefix of each, for build scripts
 *
 * Without an INTERFACE ("wasi:io/streams@0.2.0"): every one of the folder.
 */
#include "base/file.h"
#include "base/limits.h"
#include "guest.h"

#define OUTPUT_BYTES (16 * MIB)

struct command {
    const char *mode, *out, *folder;
    char **names;
    int name_count;
};

static int usage(struct error *err)
{
    return error_set(err, ERROR_USAGE, "usage: witc host|guest -o OUT WITDIR [INTERFACE...]");
}

static int parse_arguments(int argc, char **argv, struct command *ret_command, struct error *err)
{
    struct command c = {0};
    int next = 1;
    if (argc < 3)
        return usage(err);
    c.mode = argv[next++];
    if (strcmp(argv[next], "-o") == 0) {
        if (argc < next + 3)
            return usage(err);
        c.out = argv[next + 1];
        next += 2;
    }
    bool writes = strcmp(c.mode, "host") == 0 || strcmp(c.mode, "guest") == 0;
    if (writes != (c.out != NULL) || (!writes && strcmp(c.mode, "names") != 0))
        return usage(err);
    c.folder = argv[next++];
    c.names = &argv[next];
    c.name_count = argc - next;
    *ret_command = c;
    return 0;
}

static int select_interfaces(const struct witc_model *model, const struct command *c,
    const struct witc_interface ***ret_list, size_t *ret_count, struct error *err)
{
    size_t count = c->name_count ? (size_t)c->name_count : model->interface_count;
    const struct witc_interface **list = arena_alloc(model->arena, (count + 1) * sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        list[i] = c->name_count ? witc_find(model, str_of(c->names[i])) : &model->interfaces[i];
        if (!list[i])
            return error_set(
                err, ERROR_NOT_FOUND, "no interface '%s' under '%s'", c->names[i], c->folder);
    }
    *ret_list = list;
    *ret_count = count;
    return 0;
}

static int write_file(
    struct arena *a, const char *folder, const char *name, struct buf *text, struct error *err)
{
    if (text->failed)
        return error_set(err, ERROR_LIMIT, "'%s' would be too long", name);
    return file_write(path_join(a, folder, name), buf_str(text), 0644, err);
}

static int write_host(struct arena *a, const struct witc_model *model,
    const struct witc_interface *interface, const char *folder, struct error *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(OUTPUT_BYTES);
    witc_host_header(model, interface, &text);
    if (write_file(a, folder, arena_printf(a, "%s.h", interface->prefix), &text, err) < 0)
        return -1;
    buf_clear(&text);
    witc_host_source(model, interface, &text);
    return write_file(a, folder, arena_printf(a, "%s.c", interface->prefix), &text, err);
}

static int write_guest(struct arena *a, const struct witc_model *model,
    const struct witc_interface *const *list, size_t count, const char *folder, struct error *err)
{
    CLEANUP(buf_release) struct buf header = BUF_INIT(OUTPUT_BYTES);
    CLEANUP(buf_release) struct buf source = BUF_INIT(OUTPUT_BYTES);
    witc_guest(model, list, count, &header, &source);
    if (write_file(a, folder, "guest_imports.h", &header, err) < 0)
        return -1;
    return write_file(a, folder, "guest_imports.c", &source, err);
}

static int run(struct arena *a, const struct command *c, struct error *err)
{
    struct witc_model model;
    const struct witc_interface **list;
    size_t count;
    if (witc_load(c->folder, a, &model, err) < 0 ||
        select_interfaces(&model, c, &list, &count, err) < 0)
        return -1;
    if (strcmp(c->mode, "names") == 0) {
        for (size_t i = 0; i < count; i++)
            printf("%s\n", list[i]->prefix);
        return 0;
    }
    bool host = strcmp(c->mode, "host") == 0;
    const char *folder = host ? path_join(a, c->out, "host") : c->out;
    if (file_make_dirs(folder, 0755, err) < 0)
        return -1;
    if (!host)
        return write_guest(a, &model, list, count, folder, err);
    for (size_t i = 0; i < count; i++)
        if (write_host(a, &model, list[i], folder, err) < 0)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct arena a = ARENA_INIT(256 * MIB);
    struct command command;
    struct error err = ERROR_INIT;
    int result = parse_arguments(argc, argv, &command, &err);
    if (result == 0)
        result = run(&a, &command, &err);
    int status = 0;
    if (result < 0) {
        CLEANUP(buf_release) struct buf line = BUF_INIT(MIB);
        error_append_line(&err, &line);
        fprintf(stderr, "witc: %s\n", buf_cstr(&line));
        status = error_exit_status(&err);
    }
    error_release(&err);
    arena_release(&a);
    return status;
}
