/* A manifest, a NUL byte, a snippet of variables: merged as `spin add` does. */
#include "template/merge.h"

#include "base/toml.h"
#include "fuzz.h"

void fuzz_one(struct str input)
{
    ptrdiff_t end = str_find_byte(input, '\0');
    struct str manifest = str_make(input.ptr, end < 0 ? input.len : (size_t)end);
    struct str snippet = str_skip(input, manifest.len + 1);
    struct buf out CLEANUP(buf_release) = BUF_INIT(64 * MIB);
    struct error err = ERROR_INIT;
    fuzz_succeeded(merge_variables("spin.toml", manifest, "snippet", snippet, &out, &err), &err);
    buf_clear(&out);
    merge_append(manifest, snippet, &out);
}
