/*
 * Waiting for a socket on behalf of somebody who can do other work meanwhile.
 */
#ifndef SPINDLE_CLIENT_WAIT_H
#define SPINDLE_CLIENT_WAIT_H

#include "base/clock.h"

struct client_wait {
    void *data;
    void (*blocks)(void *data); /* both or neither; called around a wait */
    void (*resumes)(void *data);
    deadline_t deadline; /* of all waits together */
};

/*
 * Waits until the descriptor is ready for `events` (poll's) or has failed, at most until the
 * earlier of `until` and the deadline. False when the time was over first.
 */
MUST_CHECK bool client_wait_fd(
    const struct client_wait *wait, int fd, short events, deadline_t until);

#endif
