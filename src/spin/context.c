#include "spin/context.h"

#include "base/utf8.h"

int spin_context_new(const struct spin_config *config, struct wasi_context *wasi,
    struct spin_context **ret_context, struct error *err)
{
    struct spin_context *context = calloc(1, sizeof(*context));
    if (!context)
        return error_set(err, ERROR_MEMORY, "no memory for a component's host");
    *context = (struct spin_context){
        .config = config, .wasi = wasi, .results = ARENA_INIT(LIMIT_REQUEST_ARENA)};
    wasi_context_set_embedder(wasi, context);
    *ret_context = context;
    return 0;
}

void spin_context_reset(struct spin_context *context)
{
    arena_reset(&context->results);
}

struct arena *spin_results(struct component_call *call)
{
    struct arena *results = &spin_context_of(call)->results;
    arena_reset(results);
    return results;
}

void spin_context_free(struct spin_context *context)
{
    if (!context)
        return;
    wasi_context_set_embedder(context->wasi, NULL);
    arena_release(&context->results);
    free(context);
}

struct str spin_take_error(struct component_call *call, struct error *err)
{
    struct buf text = BUF_INIT(LIMIT_MESSAGE_BYTES);
    error_append_line(err, &text);
    struct str message = arena_copy(spin_results(call), buf_str(&text));
    buf_release(&text);
    error_release(err);
    return spin_printable(message);
}

struct str spin_printable(struct str text)
{
    if (!utf8_valid(text))
        for (size_t i = 0; i < text.len; i++)
            if ((uint8_t)text.ptr[i] >= 0x80)
                ((char *)text.ptr)[i] = '?';
    return text;
}

static void host_blocks(void *data)
{
    wasi_blocks(data);
}

static void host_resumes(void *data)
{
    wasi_resumes(data);
}

struct client_wait spin_wait(struct wasi_context *context)
{
    if (!context)
        return (struct client_wait){.deadline = NEVER};
    return (struct client_wait){.data = context,
        .blocks = host_blocks,
        .resumes = host_resumes,
        .deadline = context->deadline};
}
