/* spin.toml, of either version, for each purpose. */
#include "manifest/manifest.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    const char *path = fuzz_file(input);
    for (int purpose = MANIFEST_FOR_RUNNING; purpose <= MANIFEST_BUILD_TABLES; purpose++) {
        struct error err = ERROR_INIT;
        struct manifest *m;
        if (!fuzz_succeeded(manifest_load(path, (enum manifest_purpose)purpose, &m, &err), &err))
            continue;
        for (size_t i = 0; i < m->component_count; i++)
            BUG_IF(!manifest_find(m, m->components[i].id));
        manifest_free(m);
    }
}
