#include "base/error.h"

void bug_at(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "spindle: a fault of ours at %s:%d: ", file, line);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

enum { MESSAGE_HALF = 32 * 1024 };

static bool is_within_character(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The subject is in the middle: what the message says of it is at the ends. */
static void shorten(char *text, size_t len)
{
    static const struct str mark = STR(" [...] ");
    size_t head = MESSAGE_HALF, tail = len - MESSAGE_HALF;
    while (head > 0 && is_within_character(text[head]))
        head--;
    while (tail < len && is_within_character(text[tail]))
        tail++;
    memcpy(text + head, mark.ptr, mark.len);
    memmove(text + head + mark.len, text + tail, len - tail + 1);
}

/* NULL when memory is short. */
static char *format(const char *fmt, va_list args)
{
    struct buf text = BUF_INIT(SIZE_MAX / 2);
    buf_vprintf(&text, fmt, args);
    size_t len = text.len;
    char *message = buf_detach(&text);
    if (message && len > 3 * MESSAGE_HALF)
        shorten(message, len);
    return message;
}

int error_vset(struct error *err, enum error_kind kind, const char *fmt, va_list args)
{
    BUG_IF(err->kind != ERROR_NONE);
    err->kind = kind;
    err->messages[0] = format(fmt, args);
    err->count = 1;
    return -1;
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, kind, fmt, args);
    va_end(args);
    return -1;
}

int error_set_os(struct error *err, int os_errno, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *what = format(fmt, args);
    va_end(args);
    char reason[128];
    const char *text = strerror_r(os_errno, reason, sizeof reason);
    error_set(err, ERROR_IO, "%s: %s", what ? what : "", text);
    err->os_errno = os_errno;
    free(what);
    return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
    BUG_IF(err->kind == ERROR_NONE);
    if (err->count == ERROR_MAX_CONTEXT)
        return -1;
    va_list args;
    va_start(args, fmt);
    err->messages[err->count++] = format(fmt, args);
    va_end(args);
    return -1;
}

void error_release(struct error *err)
{
    for (unsigned i = 0; i < err->count; i++)
        free(err->messages[i]);
    *err = ERROR_INIT;
}

static const char *message_at(const struct error *err, unsigned i)
{
    return err->messages[i] ? err->messages[i] : "out of memory";
}

const char *error_message(const struct error *err)
{
    return err->count ? message_at(err, err->count - 1) : "";
}

void error_append_line(const struct error *err, struct buf *out)
{
    for (unsigned i = err->count; i-- > 0;)
        buf_printf(out, "%s%s", message_at(err, i), i ? ": " : "");
}

enum error_kind error_take_line(struct error *err, struct buf *out)
{
    enum error_kind kind = err->kind;
    error_append_line(err, out);
    error_release(err);
    return kind;
}

void error_append_report(const struct error *err, struct buf *out)
{
    buf_printf(out, "%s\n", error_message(err));
    if (err->count < 2)
        return;
    buf_append_cstr(out, "\nCaused by:\n");
    unsigned causes = err->count - 1;
    for (unsigned i = 0; i < causes; i++) {
        if (causes == 1)
            buf_append_cstr(out, "      ");
        else
            buf_printf(out, "   %u: ", i);
        buf_printf(out, "%s\n", message_at(err, causes - 1 - i));
    }
}

int error_exit_status(const struct error *err)
{
    static const int status[] = {
#define X(name, exit_status, meaning) [ERROR_##name] = exit_status,
        ERROR_KINDS(X)
#undef X
    };
    return status[err->kind];
}
