#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

static int open_file(const char *folder, struct str id, const char *suffix, bool truncate,
    int *ret_fd, struct error *err)
{
    struct arena a CLEANUP(arena_release) = ARENA_INIT(MIB);
    const char *name = arena_printf(&a, "%" STR_FMT "_%s.txt", STR_ARG(id), suffix);
    const char *path = path_join(&a, folder, name);
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncate ? O_TRUNC : 0);
    *ret_fd = open(path, flags, 0666);
    return *ret_fd < 0 ? error_set_os(err, errno, "cannot open log file '%s'", path) : 0;
}

int guest_log_open(struct guest_log *log, const char *folder, struct str id, bool truncate,
    bool echo, struct error *err)
{
    *log = (struct guest_log){.files = {-1, -1}, .echo = echo};
    if (!folder)
        return 0;
    if (open_file(folder, id, "stdout", truncate, &log->files[0], err) < 0)
        return -1;
    return open_file(folder, id, "stderr", truncate, &log->files[1], err);
}

void guest_log_close(struct guest_log *log)
{
    fd_close(&log->files[0]);
    fd_close(&log->files[1]);
}

/* A full disk or a closed terminal must not stop an application: what cannot be written is lost. */
static void write_what_goes(int fd, struct str bytes)
{
    struct error ignored = ERROR_INIT;
    if (fd_write_all(fd, bytes, &ignored) < 0)
        error_release(&ignored);
}

void guest_log_write(struct guest_log *log, bool is_error, struct str bytes)
{
    int fd = log->files[is_error];
    if (fd >= 0)
        write_what_goes(fd, bytes);
    if (log->echo)
        write_what_goes(STDERR_FILENO, bytes);
}
