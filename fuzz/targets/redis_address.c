/* The address of a Redis server, which a guest gives. */
#include "client/redis_address.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(16 * MIB);
    struct error err = ERROR_INIT;
    struct client_redis_address address;
    if (fuzz_succeeded(client_redis_address_parse(input, &arena, &address, &err), &err))
        BUG_IF(!address.host.len);
}
