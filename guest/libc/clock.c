/* Preview 1: clocks, and waiting for them. */
#include <stdlib.h>

#include "file.h"
#include "preview1.h"

static uint64_t nanoseconds(const struct host_datetime *time)
{
    return time->seconds * 1000000000 + time->nanoseconds;
}

int32_t PREVIEW1(clock_time_get)(int32_t clock, int64_t precision, int32_t ret_time)
{
    (void)precision;
    if (clock == 0) { /* CLOCK_REALTIME */
        struct host_datetime now;
        import_wasi_clocks_wall_clock_now(host_address(&now));
        *AT(uint64_t, ret_time) = nanoseconds(&now);
    } else {
        *AT(uint64_t, ret_time) = import_wasi_clocks_monotonic_clock_now();
    }
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(clock_res_get)(int32_t clock, int32_t ret_resolution)
{
    if (clock == 0) {
        struct host_datetime resolution;
        import_wasi_clocks_wall_clock_resolution(host_address(&resolution));
        *AT(uint64_t, ret_resolution) = nanoseconds(&resolution);
    } else {
        *AT(uint64_t, ret_resolution) = import_wasi_clocks_monotonic_clock_resolution();
    }
    return __WASI_ERRNO_SUCCESS;
}

/* How long from now until the subscription's time. */
static uint64_t delay(const __wasi_subscription_clock_t *clock)
{
    if (!(clock->flags & __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME))
        return clock->timeout;
    uint64_t now;
    PREVIEW1(clock_time_get)((int32_t)clock->id, 0, (int32_t)host_address(&now));
    return clock->timeout > now ? clock->timeout - now : 0;
}

/* A pollable for what is subscribed to; false if it is ready, or failed, at once. */
static bool subscribe(const __wasi_subscription_t *subscription, uint32_t *ret_pollable)
{
    if (subscription->u.tag == __WASI_EVENTTYPE_CLOCK) {
        *ret_pollable =
            import_wasi_clocks_monotonic_clock_subscribe_duration(delay(&subscription->u.u.clock));
        return true;
    }
    struct file *file = file_get(subscription->u.u.fd_read.file_descriptor);
    if (file == NULL || file->kind != FILE_INPUT)
        return false; /* files are always ready, and so is output, which blocks in the write */
    *ret_pollable = import_wasi_io_streams_input_stream_subscribe(file_stream(file));
    return true;
}

static void report(const __wasi_subscription_t *subscription, __wasi_event_t *events, uint32_t *len)
{
    bool known = subscription->u.tag == __WASI_EVENTTYPE_CLOCK ||
                 file_get(subscription->u.u.fd_read.file_descriptor) != NULL;
    events[(*len)++] = (__wasi_event_t){
        .userdata = subscription->userdata,
        .error = known ? __WASI_ERRNO_SUCCESS : __WASI_ERRNO_BADF,
        .type = subscription->u.tag,
        .fd_readwrite.nbytes = 1,
    };
}

/* Waits for the pollables and reports the subscriptions that are ready. */
static void wait(const __wasi_subscription_t *subscriptions, const uint32_t *pollables,
    uint32_t count, __wasi_event_t *events, uint32_t *len)
{
    struct host_list ready;
    import_wasi_io_poll_poll(host_address(pollables), count, host_address(&ready));
    for (uint32_t i = 0; i < ready.len; i++)
        report(&subscriptions[((uint32_t *)ready.data)[i]], events, len);
    host_list_free(&ready);
}

int32_t PREVIEW1(poll_oneoff)(int32_t in, int32_t out, int32_t count, int32_t ret_len)
{
    const __wasi_subscription_t *subscriptions = AT(const __wasi_subscription_t, in);
    __wasi_event_t *events = AT(__wasi_event_t, out);
    uint32_t *len = AT(uint32_t, ret_len);
    *len = 0;
    if (count <= 0)
        return __WASI_ERRNO_INVAL;
    uint32_t *pollables = malloc((size_t)count * sizeof *pollables);
    if (pollables == NULL)
        return __WASI_ERRNO_NOMEM;
    /* Something that is ready at once ends the waiting before it begins. */
    uint32_t made = 0;
    while (made < (uint32_t)count && subscribe(&subscriptions[made], &pollables[made]))
        made++;
    if (made == (uint32_t)count)
        wait(subscriptions, pollables, made, events, len);
    else
        report(&subscriptions[made], events, len);
    for (uint32_t i = 0; i < made; i++)
        import_wasi_io_poll_pollable_drop(pollables[i]);
    free(pollables);
    return __WASI_ERRNO_SUCCESS;
}
