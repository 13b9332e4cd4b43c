/* metadata/spin-template.toml, with a value tried on each of its parameters. */
#include "template/template.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    const struct template_file file = {.path = STR("metadata/spin-template.toml"), .bytes = input};
    struct template_files files = {1, &file};
    struct template t;
    if (!fuzz_succeeded(template_read(&arena, "fuzz", &files, &t, &err), &err))
        return;
    for (size_t i = 0; i < t.parameter_count; i++)
        fuzz_succeeded(template_check_value(&t.parameters[i], STR("a-value"), &err), &err);
}
