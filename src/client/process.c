#include "client/process.h"

#include <curl/curl.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode result;

static void init(void)
{
    result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int client_process_init(struct error *err)
{
    pthread_once(&once, init);
    if (result != CURLE_OK)
        return error_set(
            err, ERROR_UNSUPPORTED, "libcurl cannot be used: %s", curl_easy_strerror(result));
    return 0;
}
