#include "client/wait.h"

#include <errno.h>
#include <poll.h>

/* Handing over and taking back costs about 10 us and disturbs the caches of two cores. */
#define SHORT_WAIT_NS (100000ull)

static bool poll_until(int fd, short events, deadline_t until)
{
    struct pollfd one = {.fd = fd, .events = events};
    for (;;) {
        uint64_t now = clock_monotonic_ns();
        uint64_t left = until > now ? until - now : 0;
        struct timespec time = {(time_t)(left / NS_PER_S), (long)(left % NS_PER_S)};
        int count = ppoll(&one, 1, until == NEVER ? NULL : &time, NULL);
        if (count > 0)
            return true;
        if (count == 0 && left == 0)
            return false;
        if (count < 0 && errno != EINTR)
            return true; /* what is done next with the descriptor says what is wrong */
    }
}

bool client_wait_fd(const struct client_wait *wait, int fd, short events, deadline_t until)
{
    if (wait->deadline < until)
        until = wait->deadline;
    deadline_t soon = clock_monotonic_ns() + SHORT_WAIT_NS;
    if (poll_until(fd, events, soon < until ? soon : until))
        return true;
    if (until <= soon)
        return false;
    if (wait->blocks)
        wait->blocks(wait->data);
    bool ready = poll_until(fd, events, until);
    if (wait->resumes)
        wait->resumes(wait->data);
    return ready;
}
