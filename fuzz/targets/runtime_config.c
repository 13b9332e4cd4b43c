/* The runtime configuration. */
#include "manifest/runtime_config.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct error err = ERROR_INIT;
    struct runtime_config *config;
    if (!fuzz_succeeded(runtime_config_load(fuzz_file(input), &config, &err), &err))
        return;
    struct buf summary = BUF_INIT(64 * MIB);
    runtime_config_summary(config, &summary);
    buf_release(&summary);
    runtime_config_free(config);
}
