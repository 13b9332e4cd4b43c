/* A URL on the first line, patterns of allowed_outbound_hosts below. */
#include "client/allowed_hosts.h"

#include "fuzz.h"

static void match(const struct client_allowed_hosts *hosts, struct str url)
{
    struct client_target target;
    if (!client_target_parse(url, STR("http"), &target))
        return;
    BUG_IF(!target.host.len || !target.scheme.len);
    bool allowed = client_allowed_hosts_match(hosts, target.scheme, target.host, target.port);
    BUG_IF(allowed && hosts->count == 0);
    client_allowed_hosts_match_self(hosts, target.scheme);
}

void fuzz_one(struct str input)
{
    enum { MOST = 32 };
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(16 * MIB);
    struct error err = ERROR_INIT;
    struct client_allowed_hosts hosts;
    struct str url = fuzz_line(&input), patterns[MOST];
    size_t count = 0, bad = MOST;
    while (input.len && count < MOST)
        patterns[count++] = fuzz_line(&input);
    if (fuzz_succeeded(
            client_allowed_hosts_parse(&arena, patterns, count, &hosts, &bad, &err), &err))
        match(&hosts, url);
    else
        BUG_IF(bad >= count);
}
