/* WIT text: resolved; then described, and made into Python modules. */
#include "fuzz.h"
#include "wit/python.h"

static void make_python(const struct wit_resolve *r)
{
    static const struct wit_python_options options = {.module = STR("world")};
    for (uint32_t i = 0; i < r->world_count; i++) {
        struct error err = ERROR_INIT;
        struct wit_python python;
        fuzz_succeeded(wit_python_generate(r, r->worlds[i], &options, &python, &err), &err);
    }
}

void fuzz_one(struct str input)
{
    static const struct wit_features features = {.all = true};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    struct wit_resolve resolve;
    const struct wit_package *package;
    wit_resolve_init(&resolve, &arena, features);
    if (!fuzz_succeeded(wit_resolve_add_text(&resolve, "fuzz.wit", input, &package, &err), &err))
        return;
    struct buf json = BUF_INIT(256 * MIB);
    wit_resolve_json(&resolve, &json);
    buf_release(&json);
    make_python(&resolve);
}
