/*
 * What a component may use, from the manifest to plain data in the component's arena.
 */
#include "app/component.h"

/* Every interface that is offered: WASI's and Spin's. */
static int join_hosts(struct app_component *c, struct error *err)
{
    size_t wasi_count, spin_count;
    const struct component_host *wasi = wasi_hosts(&wasi_count), *spin = spin_hosts(&spin_count);
    c->host_count = wasi_count + spin_count;
    struct component_host *hosts =
        arena_try_array(&c->grants, c->host_count, struct component_host);
    if (!hosts)
        return error_set(err, ERROR_MEMORY, "no memory for a component's interfaces");
    memcpy(hosts, wasi, wasi_count * sizeof(*hosts));
    memcpy(hosts + wasi_count, spin, spin_count * sizeof(*hosts));
    c->hosts = hosts;
    return 0;
}

int app_component_grant(struct app_component *c, const struct manifest *manifest, struct error *err)
{
    if (app_variables_of_component(
            &c->services->variables, manifest, c->manifest, &c->grants, &c->variables, err) < 0 ||
        app_files_mount(&c->services->files, c->options, c->manifest, &c->grants, &c->wasi.preopens,
            &c->wasi.preopen_count, err) < 0)
        return -1;
    c->spin = (struct spin_config){.component = c->manifest->id, .variables = &c->variables};
    if (app_allowed_hosts_grant(c, manifest, err) < 0 || app_outbound_grant(c, err) < 0 ||
        app_redis_grant(c, err) < 0 || app_llm_grant(c, err) < 0 ||
        app_stores_grant(c, manifest, err) < 0)
        return -1;
    return join_hosts(c, err);
}
