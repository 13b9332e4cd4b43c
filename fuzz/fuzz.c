#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

bool fuzz_succeeded(int result, struct error *err)
{
    struct buf report = BUF_INIT(64 * MIB);
    BUG_IF((result < 0) != (err->kind != ERROR_NONE));
    BUG_IF((result < 0) != (*error_message(err) != '\0'));
    error_append_report(err, &report);
    buf_release(&report);
    error_release(err);
    return result >= 0;
}

uint8_t fuzz_byte(struct str *input)
{
    uint8_t byte = input->len ? (uint8_t)input->ptr[0] : 0;
    *input = str_skip(*input, 1);
    return byte;
}

uint32_t fuzz_u32(struct str *input)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)fuzz_byte(input) << (8 * i);
    return value;
}

struct str fuzz_line(struct str *input)
{
    ptrdiff_t end = str_find_byte(*input, '\n');
    struct str line = str_make(input->ptr, end < 0 ? input->len : (size_t)end);
    *input = str_skip(*input, line.len + 1);
    return line;
}

/* Opening it under /proc makes a description of its own, so that a decoder begins at the start. */
const char *fuzz_file(struct str bytes)
{
    static char path[64];
    static int fd = -1;
    struct error err = ERROR_INIT;
    if (fd < 0) {
        fd = memfd_create("input", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    BUG_IF(ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0);
    BUG_IF(fd_write_all(fd, bytes, &err) < 0);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    fuzz_one(str_make(bytes, len));
    return 0;
}
