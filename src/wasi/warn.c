/*
 * Lines for whoever runs the application. They quote guests and servers: what could make another
 * line, or give an order to a terminal, is a question mark.
 */
#include "wasi/context.h"

void wasi_warn(struct wasi_context *context, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    if (context->config->warn)
        context->config->warn(context->config->data, line);
    else
        fprintf(stderr, "%s\n", line);
}

static void say_how_to_allow(struct wasi_context *context, struct str destination)
{
    wasi_warn(context,
        "To allow this request, add 'allowed_outbound_hosts = [\"%" STR_FMT
        "\"]' to the manifest component section.",
        STR_ARG(destination));
}

void wasi_warn_denied(struct wasi_context *context, struct str destination)
{
    wasi_warn(context,
        "Warning: A component tried to make an outbound network connection to disallowed "
        "destination '%" STR_FMT "'.",
        STR_ARG(destination));
    say_how_to_allow(context, destination);
}

void wasi_warn_self_denied(struct wasi_context *context)
{
    wasi_warn(context, "Warning: A component tried to make an HTTP request to its own app but it "
                       "does not have permission.");
    say_how_to_allow(context, STR("http://self"));
}
