#include "template/git.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

enum { MAX_ARGUMENTS = 12, STATUS_NOT_STARTED = 127 };

/* In the child: never returns. */
NORETURN static void become_git(const char *const *arguments, int captured, int pipe_end)
{
    const char *words[MAX_ARGUMENTS + 2] = {"git"};
    for (size_t i = 0; arguments[i] && i < MAX_ARGUMENTS; i++)
        words[i + 1] = arguments[i];
    int null = open("/dev/null", O_RDWR);
    setenv("LC_ALL", "C", 1);
    if (!isatty(STDIN_FILENO))
        setenv("GIT_TERMINAL_PROMPT", "0", 1);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(pipe_end, captured) < 0 ||
        dup2(null, captured == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO) < 0)
        _exit(STATUS_NOT_STARTED);
    execvp("git", (char *const *)words);
    _exit(STATUS_NOT_STARTED);
}

/* Reads to the end; what is too much is dropped, so that the writer does not wait. */
static void read_all(int fd, struct buf *out)
{
    char chunk[4096];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        buf_append(out, chunk, (size_t)n);
    }
}

int git_run(
    const char *const *arguments, int captured, struct buf *out, int *ret_status, struct error *err)
{
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_os(err, errno, "cannot start git");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_git(arguments, captured, ends[1]);
    int saved = errno;
    fd_close(&ends[1]);
    if (child > 0)
        read_all(ends[0], out);
    fd_close(&ends[0]);
    if (child < 0)
        return error_set_os(err, saved, "cannot start git");
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set_os(err, errno, "cannot wait for git");
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (*ret_status == STATUS_NOT_STARTED)
        return error_set(err, ERROR_CHILD, "git cannot be started: is it installed?");
    return 0;
}

static int fail(const char *url, struct buf *messages, struct error *err)
{
    struct str text = str_trim(buf_str(messages));
    return error_set(err, ERROR_CHILD, "Error cloning Git repo %s: %" STR_FMT, url, STR_ARG(text));
}

int git_clone(const char *url, const char *branch, const char *folder, struct error *err)
{
    struct buf messages CLEANUP(buf_release) = BUF_INIT(64 * KIB);
    const char *words[] = {"clone", "--quiet", "--depth", "1", "--", url, folder, NULL};
    const char *of_branch[] = {
        "clone", "--quiet", "--depth", "1", "--branch", branch, "--", url, folder, NULL};
    int status;
    if (git_run(branch ? of_branch : words, STDERR_FILENO, &messages, &status, err) < 0)
        return -1;
    return status ? fail(url, &messages, err) : 0;
}

int git_has_tag(const char *url, const char *tag, bool *ret, struct error *err)
{
    enum { NO_SUCH_REFERENCE = 2 };
    struct buf messages CLEANUP(buf_release) = BUF_INIT(64 * KIB);
    const char *words[] = {"ls-remote", "--exit-code", "--tags", "--", url, tag, NULL};
    int status;
    if (git_run(words, STDERR_FILENO, &messages, &status, err) < 0)
        return -1;
    if (status && status != NO_SUCH_REFERENCE)
        return fail(url, &messages, err);
    *ret = status == 0;
    return 0;
}

void git_init(const char *folder)
{
    struct error err CLEANUP(error_release) = ERROR_INIT;
    struct buf ignored CLEANUP(buf_release) = BUF_INIT(64 * KIB);
    const char *inside[] = {"-C", folder, "rev-parse", "--git-dir", NULL};
    const char *init[] = {"-C", folder, "init", "--quiet", NULL};
    int status;
    if (git_run(inside, STDOUT_FILENO, &ignored, &status, &err) == 0 && status != 0)
        git_run(init, STDOUT_FILENO, &ignored, &status, &err);
}

/* --------------------------------------------------------------------------------------- author */

static struct str first_set(const char *const *names)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        if (value && *value)
            return str_of(value);
    }
    return STR_EMPTY;
}

static struct str configured(struct arena *a, const char *key)
{
    struct error err CLEANUP(error_release) = ERROR_INIT;
    struct buf value CLEANUP(buf_release) = BUF_INIT(4 * KIB);
    const char *words[] = {"config", key, NULL};
    int status;
    if (git_run(words, STDOUT_FILENO, &value, &status, &err) < 0 || status)
        return STR_EMPTY;
    return arena_copy(a, str_trim(buf_str(&value)));
}

/* The environment of git, its configuration, the environment of the person. */
static struct str find(
    struct arena *a, const char *const *first, const char *key, const char *const *last)
{
    struct str found = first_set(first);
    if (!found.len)
        found = configured(a, key);
    return found.len ? found : first_set(last);
}

struct git_author git_author(struct arena *a)
{
    static const char *const names[] = {"GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", NULL};
    static const char *const users[] = {"USER", "USERNAME", "NAME", NULL};
    static const char *const emails[] = {"GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL", NULL};
    static const char *const others[] = {"EMAIL", NULL};
    return (struct git_author){
        .name = find(a, names, "user.name", users),
        .email = find(a, emails, "user.email", others),
    };
}
