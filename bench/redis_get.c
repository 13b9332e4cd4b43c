/*
 * What a Redis get costs without us: hiredis, one connection. `spindle-bench-redis-get PORT COUNT`
 * prints microseconds for each. bench/services.py runs it.
 */
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/str.h"

int main(int argc, char **argv)
{
    uint64_t port, count;
    if (argc != 3 || !str_to_u64(str_of(argv[1]), &port) || !str_to_u64(str_of(argv[2]), &count))
        return 2;
    redisContext *context = redisConnect("127.0.0.1", (int)port);
    if (!context || context->err)
        return 1;
    uint64_t begin = 0;
    for (uint64_t i = 0; i < count + 100; i++) {
        if (i == 100)
            begin = clock_monotonic_ns();
        redisReply *reply = redisCommand(context, "GET %s", "key");
        if (!reply || reply->type != REDIS_REPLY_STRING)
            return 1;
        freeReplyObject(reply);
    }
    printf("%.3f\n", (double)(clock_monotonic_ns() - begin) / (double)count / 1000);
    redisFree(context);
    return 0;
}
