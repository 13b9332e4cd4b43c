/*
 * wit-json PATH [FEATURE...]: what the resolver makes of a file or folder, in the form of
 * `wasm-tools component wit --json`; errors on standard error, exit status 1.
 */
#include <stdio.h>

#include "wit/resolve.h"

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: wit-json PATH [FEATURE...]\n");
        return 2;
    }
    struct arena arena = ARENA_INIT((size_t)1 << 30);
    struct error err = ERROR_INIT;
    struct wit_resolve resolve;
    const struct wit_package *package;
    wit_resolve_init(&resolve, &arena,
        (struct wit_features){.names = (const char *const *)(argv + 2), .count = (size_t)argc - 2});
    struct buf out = BUF_INIT((size_t)1 << 30);
    int status = wit_resolve_add(&resolve, argv[1], &package, &err);
    if (status < 0) {
        error_append_line(&err, &out);
        fprintf(stderr, "%s\n", buf_cstr(&out));
    } else {
        wit_resolve_json(&resolve, &out);
        fputs(buf_cstr(&out), stdout);
    }
    buf_release(&out);
    error_release(&err);
    arena_release(&arena);
    return status < 0;
}
