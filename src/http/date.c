#include "http/date.h"

static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void http_date_format(struct http_date *date, int64_t second)
{
    time_t t = (time_t)second;
    struct tm tm;
    gmtime_r(&t, &tm);
    int n = snprintf(date->line, sizeof date->line, "date: %s, %02u %s %04u %02u:%02u:%02u GMT\r\n",
        day_names[tm.tm_wday % 7], (unsigned)tm.tm_mday % 100, month_names[tm.tm_mon % 12],
        (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
        (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
    date->len = (size_t)n;
    date->second = second;
}

struct str http_date_line(struct http_date *date)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (date->second != now.tv_sec || !date->len)
        http_date_format(date, now.tv_sec);
    return str_make(date->line, date->len);
}
