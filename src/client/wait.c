#include "client/wait.h"

#include <errno.h>
#include <poll.h>

static bool poll_until(int fd, short events, deadline_t until)
{
    struct pollfd one = {.fd = fd, .events = events};
    for (;;) {
        uint64_t now = clock_monotonic_ns();
        uint64_t left = until > now ? until - now : 0;
        struct timespec time = clock_timespec(left);
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
    if (poll_until(fd, events, 0))
        return true;
    if (wait->blocks)
        wait->blocks(wait->data);
    bool ready = poll_until(fd, events, until);
    if (wait->resumes)
        wait->resumes(wait->data);
    return ready;
}
