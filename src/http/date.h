/*
 * The date header's value (RFC 9110 5.6.7), made once a second.
 */
#ifndef SPINDLE_HTTP_DATE_H
#define SPINDLE_HTTP_DATE_H

#include "base/str.h"

/* One per thread; zeroed at first. */
struct http_date {
    int64_t second;
    char line[40]; /* "date: Tue, 24 Nov 2026 09:51:35 GMT\r\n" */
    size_t len;
};

/* The whole header line for now. Valid until the next call. */
struct str http_date_line(struct http_date *date);
/* The same for a given second since 1970. */
void http_date_format(struct http_date *date, int64_t second);

#endif
