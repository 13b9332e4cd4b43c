/* A .env file. */
#include "manifest/dotenv.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct error err = ERROR_INIT;
    struct manifest_pairs pairs;
    if (!fuzz_succeeded(dotenv_parse(&arena, ".env", input, &pairs, &err), &err))
        return;
    for (size_t i = 0; i < pairs.count; i++)
        BUG_IF(!pairs.items[i].name.len);
}
