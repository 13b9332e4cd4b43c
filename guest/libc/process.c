/*
 * Preview 1: arguments, environment, randomness, the end of the process. There are no arguments,
 * and the environment is the runtime's business: it asks the host for it at each request.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "preview1.h"

int32_t PREVIEW1(args_sizes_get)(int32_t ret_count, int32_t ret_size)
{
    *AT(uint32_t, ret_count) = 0;
    *AT(uint32_t, ret_size) = 0;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(args_get)(int32_t arguments, int32_t buffer)
{
    (void)arguments;
    (void)buffer;
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(environ_sizes_get)(int32_t ret_count, int32_t ret_size)
{
    return PREVIEW1(args_sizes_get)(ret_count, ret_size);
}

int32_t PREVIEW1(environ_get)(int32_t variables, int32_t buffer)
{
    return PREVIEW1(args_get)(variables, buffer);
}

int32_t PREVIEW1(random_get)(int32_t buffer, int32_t len)
{
    struct host_list list;
    import_wasi_random_random_get_random_bytes((uint32_t)len, host_address(&list));
    memcpy(AT(uint8_t, buffer), list.data, list.len);
    host_list_free(&list);
    return __WASI_ERRNO_SUCCESS;
}

int32_t PREVIEW1(sched_yield)(void)
{
    return __WASI_ERRNO_SUCCESS;
}

_Noreturn void PREVIEW1(proc_exit)(int32_t status)
{
    import_wasi_cli_exit_exit(status != 0);
    __builtin_trap();
}
