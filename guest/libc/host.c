#include "host.h"

#include <stdlib.h>

/* wasi:io/streams: the most that blocking-write-and-flush takes. */
enum { WRITE_MAX = 4096 };

__wasi_errno_t host_errno(uint8_t code)
{
    /* In the order of wasi:filesystem/types.error-code. */
    static const uint16_t numbers[] = {
        __WASI_ERRNO_ACCES,
        __WASI_ERRNO_AGAIN,
        __WASI_ERRNO_ALREADY,
        __WASI_ERRNO_BADF,
        __WASI_ERRNO_BUSY,
        __WASI_ERRNO_DEADLK,
        __WASI_ERRNO_DQUOT,
        __WASI_ERRNO_EXIST,
        __WASI_ERRNO_FBIG,
        __WASI_ERRNO_ILSEQ,
        __WASI_ERRNO_INPROGRESS,
        __WASI_ERRNO_INTR,
        __WASI_ERRNO_INVAL,
        __WASI_ERRNO_IO,
        __WASI_ERRNO_ISDIR,
        __WASI_ERRNO_LOOP,
        __WASI_ERRNO_MLINK,
        __WASI_ERRNO_MSGSIZE,
        __WASI_ERRNO_NAMETOOLONG,
        __WASI_ERRNO_NODEV,
        __WASI_ERRNO_NOENT,
        __WASI_ERRNO_NOLCK,
        __WASI_ERRNO_NOMEM,
        __WASI_ERRNO_NOSPC,
        __WASI_ERRNO_NOTDIR,
        __WASI_ERRNO_NOTEMPTY,
        __WASI_ERRNO_NOTRECOVERABLE,
        __WASI_ERRNO_NOTSUP,
        __WASI_ERRNO_NOTTY,
        __WASI_ERRNO_NXIO,
        __WASI_ERRNO_OVERFLOW,
        __WASI_ERRNO_PERM,
        __WASI_ERRNO_PIPE,
        __WASI_ERRNO_ROFS,
        __WASI_ERRNO_SPIPE,
        __WASI_ERRNO_TXTBSY,
        __WASI_ERRNO_XDEV,
    };
    return code < sizeof numbers / sizeof numbers[0] ? numbers[code] : __WASI_ERRNO_IO;
}

/* Length of the sequence that begins with this byte; 0 if none does. */
static size_t sequence_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* A sequence is longer than it has to be, a surrogate, or beyond the last code point. */
static bool is_forbidden(unsigned char first, unsigned char second)
{
    return (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0) ||
           (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
}

bool host_is_utf8(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text, *end = byte + len;
    while (byte < end) {
        size_t sequence = sequence_len(*byte);
        if (sequence == 0 || sequence > (size_t)(end - byte) ||
            (sequence > 1 && is_forbidden(byte[0], byte[1])))
            return false;
        for (size_t i = 1; i < sequence; i++) {
            if ((byte[i] & 0xc0) != 0x80)
                return false;
        }
        byte += sequence;
    }
    return true;
}

void host_list_free(const struct host_list *list)
{
    if (list->len > 0)
        free(list->data);
}

bool host_stream_closed(const struct host_stream_result *result)
{
    if (result->closed)
        return true;
    import_wasi_io_error_error_drop(result->error);
    return false;
}

bool host_stream_write(uint32_t stream, const uint8_t *data, size_t len)
{
    while (len > 0) {
        size_t part = len < WRITE_MAX ? len : WRITE_MAX;
        struct host_stream_result result;
        import_wasi_io_streams_output_stream_blocking_write_and_flush(
            stream, host_address(data), (uint32_t)part, host_address(&result));
        if (result.failed) {
            host_stream_closed(&result);
            return false;
        }
        data += part;
        len -= part;
    }
    return true;
}
