/*
 * What guests print: into log files, and to stderr of the process.
 */
#ifndef SPINDLE_APP_LOG_H
#define SPINDLE_APP_LOG_H

#include "base/error.h"

struct guest_log {
    int files[2]; /* standard output, standard error; -1: none */
    bool echo;    /* to stderr too */
};

/* Opens <folder>/<id>_stdout.txt and _stderr.txt to append; `folder` NULL for none. */
int guest_log_open(struct guest_log *log, const char *folder, struct str id, bool truncate,
    bool echo, struct error *err);
void guest_log_close(struct guest_log *log);
void guest_log_write(struct guest_log *log, bool is_error, struct str bytes);

#endif
