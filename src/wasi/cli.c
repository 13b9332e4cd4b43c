/* wasi:cli: environment, exit, standard streams, terminals (there are none). */
#include "wasi/context.h"
#include "host/wasi_cli_environment.h"
#include "host/wasi_cli_exit.h"
#include "host/wasi_cli_stderr.h"
#include "host/wasi_cli_stdin.h"
#include "host/wasi_cli_stdout.h"
#include "host/wasi_cli_terminal_input.h"
#include "host/wasi_cli_terminal_output.h"
#include "host/wasi_cli_terminal_stderr.h"
#include "host/wasi_cli_terminal_stdin.h"
#include "host/wasi_cli_terminal_stdout.h"

static enum wasm_trap_kind get_environment(
    struct component_call *call, struct wasi_cli_environment_list_tuple2_string_string *ret_result)
{
    struct wasi_context *context = wasi_context_of(call);
    const struct wasi_config *config = context->config;
    ret_result->len = config->environment_count;
    ret_result->data = wasi_temporary(context, ret_result->len, sizeof(*ret_result->data));
    if (!ret_result->data)
        return wasi_no_memory(call);
    for (size_t i = 0; i < ret_result->len; i++) {
        ret_result->data[i].f0 = config->environment[i].name;
        ret_result->data[i].f1 = config->environment[i].value;
    }
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind get_arguments(
    struct component_call *call, struct wasi_cli_environment_list_string *ret_result)
{
    const struct wasi_config *config = wasi_context_of(call)->config;
    /* The list's elements are only read. */
    ret_result->data = (struct str *)config->arguments;
    ret_result->len = config->argument_count;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind initial_cwd(
    struct component_call *call, struct wasi_cli_environment_option_string *ret_result)
{
    const char *folder = wasi_context_of(call)->config->initial_cwd;
    ret_result->is_some = folder != NULL;
    ret_result->value = str_of(folder ? folder : "");
    return WASM_TRAP_NONE;
}

const struct wasi_cli_environment_functions wasi_cli_environment_functions = {
    .get_environment = get_environment,
    .get_arguments = get_arguments,
    .initial_cwd = initial_cwd,
};

static enum wasm_trap_kind exit_guest(
    struct component_call *call, struct wasi_cli_exit_result_void_void status)
{
    wasi_context_of(call)->exit_ok = !status.is_err;
    return WASM_TRAP_EXIT;
}

const struct wasi_cli_exit_functions wasi_cli_exit_functions = {.exit = exit_guest};

static enum wasm_trap_kind get_stdin(
    struct component_call *call, struct wasi_io_streams_input_stream_own *ret_result)
{
    ret_result->object = input_stream_new(wasi_context_of(call), NULL);
    return ret_result->object ? WASM_TRAP_NONE : wasi_no_memory(call);
}

const struct wasi_cli_stdin_functions wasi_cli_stdin_functions = {.get_stdin = get_stdin};

static enum stream_status write_output(struct wasi_io_streams_output_stream *stream,
    struct str bytes, struct wasi_io_error_error *ret_error)
{
    (void)ret_error;
    const struct wasi_config *config = stream->context->config;
    if (config->output)
        config->output(config->data, stream->output, bytes);
    return STREAM_OK;
}

static const struct output_stream_ops cli_output_ops = {.write = write_output};

static enum wasm_trap_kind get_output(struct component_call *call, enum wasi_output output,
    struct wasi_io_streams_output_stream_own *ret_result)
{
    ret_result->object = output_stream_new(wasi_context_of(call), &cli_output_ops);
    if (!ret_result->object)
        return wasi_no_memory(call);
    ret_result->object->output = output;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind get_stdout(
    struct component_call *call, struct wasi_io_streams_output_stream_own *ret_result)
{
    return get_output(call, WASI_STDOUT, ret_result);
}

static enum wasm_trap_kind get_stderr(
    struct component_call *call, struct wasi_io_streams_output_stream_own *ret_result)
{
    return get_output(call, WASI_STDERR, ret_result);
}

const struct wasi_cli_stdout_functions wasi_cli_stdout_functions = {.get_stdout = get_stdout};
const struct wasi_cli_stderr_functions wasi_cli_stderr_functions = {.get_stderr = get_stderr};

/* A guest never has a terminal, so no object of these resources is ever made. */

static void drop_terminal_input(void *host, struct wasi_cli_terminal_input_terminal_input *object)
{
    (void)host;
    (void)object;
}

static void drop_terminal_output(
    void *host, struct wasi_cli_terminal_output_terminal_output *object)
{
    (void)host;
    (void)object;
}

static enum wasm_trap_kind get_terminal_stdin(struct component_call *call,
    struct wasi_cli_terminal_stdin_option_own_terminal_input *ret_result)
{
    (void)call;
    ret_result->is_some = false;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind get_terminal_stdout(struct component_call *call,
    struct wasi_cli_terminal_stdout_option_own_terminal_output *ret_result)
{
    (void)call;
    ret_result->is_some = false;
    return WASM_TRAP_NONE;
}

static enum wasm_trap_kind get_terminal_stderr(struct component_call *call,
    struct wasi_cli_terminal_stderr_option_own_terminal_output *ret_result)
{
    (void)call;
    ret_result->is_some = false;
    return WASM_TRAP_NONE;
}

const struct wasi_cli_terminal_input_functions wasi_cli_terminal_input_functions = {
    .terminal_input_drop = drop_terminal_input};
const struct wasi_cli_terminal_output_functions wasi_cli_terminal_output_functions = {
    .terminal_output_drop = drop_terminal_output};
const struct wasi_cli_terminal_stdin_functions wasi_cli_terminal_stdin_functions = {
    .get_terminal_stdin = get_terminal_stdin};
const struct wasi_cli_terminal_stdout_functions wasi_cli_terminal_stdout_functions = {
    .get_terminal_stdout = get_terminal_stdout};
const struct wasi_cli_terminal_stderr_functions wasi_cli_terminal_stderr_functions = {
    .get_terminal_stderr = get_terminal_stderr};
