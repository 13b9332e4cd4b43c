/*
 * The one error type. docs/errors.md is the page that explains it.
 *
 * A function that can fail returns int: 0, or a negative number with *err filled. `err` is the last
 * parameter, never NULL, and untouched on success. Outputs are named ret_x and set only on success.
 *
 *     if (file_read(path, LIMIT, &bytes, err) < 0)
 *         return error_wrap(err, "cannot load component '%s'", path);
 *
 * An error holds a kind, on which callers may branch, and messages from the innermost cause
 * outwards. Messages: lower case, no full stop, the error first, the subject quoted, the next step
 * if there is one.
 */
#ifndef SPINDLE_BASE_ERROR_H
#define SPINDLE_BASE_ERROR_H

#include <stdarg.h>

#include "base/buf.h"
#include "base/macros.h"

/* kind, default exit status, meaning */
#define ERROR_KINDS(X)                                                       \
    X(NONE, 0, "no error")                                                   \
    X(INVALID, 1, "input that breaks its format's rules")                    \
    X(UNSUPPORTED, 1, "valid input that asks for what is not there yet")     \
    X(LIMIT, 1, "a size or count above its limit (base/limits.h)")           \
    X(MEMORY, 1, "memory for a size that somebody else chose cannot be had") \
    X(IO, 1, "a system call failed; os_errno says why")                      \
    X(NOT_FOUND, 1, "a named thing does not exist")                          \
    X(DENIED, 1, "not allowed by the manifest or a permission")              \
    X(LINK, 1, "an import that nothing satisfies, or of another type")       \
    X(TRAP, 1, "a guest trapped")                                            \
    X(TIMEOUT, 1, "a deadline has passed")                                   \
    X(USAGE, 2, "wrong command line")                                        \
    X(CHILD, 1, "a program that was started failed")

enum error_kind {
#define X(name, exit_status, meaning) ERROR_##name,
    ERROR_KINDS(X)
#undef X
};

/* Messages of more than 96 KiB lose their middle. */
enum { ERROR_MAX_CONTEXT = 8 };

struct error {
    enum error_kind kind;
    int os_errno;                      /* ERROR_IO: errno at the failing call, else 0 */
    unsigned count;                    /* messages in use */
    char *messages[ERROR_MAX_CONTEXT]; /* [0] the cause, [count-1] the outermost; owned */
};

#define ERROR_INIT ((struct error){0})

/* Fills an empty error and returns -1. */
PRINTF_LIKE(3, 4) int error_set(struct error *err, enum error_kind kind, const char *fmt, ...);
/* The same with ERROR_IO; ": " and strerror(os_errno) are appended to the message. */
PRINTF_LIKE(3, 4) int error_set_os(struct error *err, int os_errno, const char *fmt, ...);
int error_vset(struct error *err, enum error_kind kind, const char *fmt, va_list args);
/* Adds an outer message and returns -1. Beyond ERROR_MAX_CONTEXT the innermost wraps are kept. */
PRINTF_LIKE(2, 3) int error_wrap(struct error *err, const char *fmt, ...);
/* Frees the messages; the error is empty again. Takes an empty one. */
void error_release(struct error *err);
/* The outermost message, "" if empty. Valid until the error changes. */
const char *error_message(const struct error *err);
/* Appends all messages, outermost first, as one line: "outer: inner: cause". */
void error_append_line(const struct error *err, struct buf *out);
/* The same, after which the error is empty. Returns the kind that it had. */
enum error_kind error_take_line(struct error *err, struct buf *out);
/*
 * Appends the way Spin shows an error: the outermost message, then if there are causes a blank
 * line, "Caused by:", and each cause indented (numbered when there are several). Ends with a
 * newline.
 */
void error_append_report(const struct error *err, struct buf *out);
int error_exit_status(const struct error *err);

#endif
