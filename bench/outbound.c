/*
 * What libcurl alone takes for a GET on a warm connection: the measure of outgoing HTTP.
 *
 *     spindle-bench-outbound URL COUNT
 *
 * prints microseconds a request.
 */
#include <curl/curl.h>

#include "base/clock.h"

enum { WARMING = 100 };

static size_t ignore(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

static bool get(CURL *easy)
{
    long status = 0;
    return curl_easy_perform(easy) == CURLE_OK &&
           curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status == 200;
}

int main(int argc, char **argv)
{
    unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    CURL *easy =
        count && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_easy_init() : NULL;
    if (!easy)
        return 2;
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    bool good = true;
    for (int i = 0; i < WARMING && good; i++)
        good = get(easy);
    uint64_t begin = clock_monotonic_ns();
    for (unsigned long i = 0; i < count && good; i++)
        good = get(easy);
    uint64_t took = clock_monotonic_ns() - begin;
    curl_easy_cleanup(easy);
    if (!good) {
        fprintf(stderr, "%s does not answer with 200\n", argv[1]);
        return 1;
    }
    printf("%.2f\n", (double)took / (double)count / 1000);
    return 0;
}
