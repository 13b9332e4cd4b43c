/*
 * Runs a target on files, in place of libFuzzer. A crash ends it after the file's name was printed.
 */
#include "base/file.h"
#include "fuzz.h"

static void run_file(const char *path)
{
    struct error err = ERROR_INIT;
    struct buf bytes = BUF_INIT(LIMIT_COMPONENT_BYTES);
    if (file_read(path, LIMIT_COMPONENT_BYTES, &bytes, &err) < 0)
        BUG("%s", error_message(&err));
    /* Of the exact size, so that a sanitizer knows its end. */
    uint8_t *exact = malloc(bytes.len ? bytes.len : 1);
    BUG_IF(!exact);
    if (bytes.len)
        memcpy(exact, bytes.data, bytes.len);
    LLVMFuzzerTestOneInput(exact, bytes.len);
    free(exact);
    buf_release(&bytes);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        printf("%s\n", argv[i]);
        fflush(stdout);
        run_file(argv[i]);
    }
    printf("%d passed, 0 failed, 0 skipped\n", argc - 1);
    return 0;
}
