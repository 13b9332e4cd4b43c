#include "wasi/context.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static unsigned size_class(size_t size)
{
    unsigned needed = size <= 1 ? 0 : 64 - (unsigned)__builtin_clzl(size - 1);
    return needed < WASI_SMALLEST_CLASS ? WASI_SMALLEST_CLASS : needed;
}

void *wasi_object_raw(struct wasi_context *context, size_t size)
{
    unsigned class = size_class(size);
    if (class >= WASI_CLASSES)
        return NULL;
    struct wasi_free_block *block = context->free_blocks[class];
    if (block) {
        context->free_blocks[class] = block->next;
        return block;
    }
    return arena_try_alloc_raw(&context->objects, (size_t)1 << class);
}

void *wasi_object(struct wasi_context *context, size_t size)
{
    void *object = wasi_object_raw(context, size);
    if (object)
        memset(object, 0, size);
    return object;
}

void wasi_object_free(struct wasi_context *context, void *object, size_t size)
{
    if (!object)
        return;
    struct wasi_free_block **list = &context->free_blocks[size_class(size)];
    struct wasi_free_block *block = object;
    block->next = *list;
    *list = block;
}

void *wasi_temporary(struct wasi_context *context, size_t count, size_t size)
{
    wasi_object_free(context, context->temporary, context->temporary_size);
    context->temporary = NULL;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > LIMIT_WASI_OBJECTS)
        return NULL;
    context->temporary = wasi_object_raw(context, bytes);
    context->temporary_size = bytes;
    return context->temporary;
}

enum wasm_trap_kind wasi_no_memory(struct component_call *call)
{
    return component_trap(
        call, "the request's WASI objects use more than %zu MiB", LIMIT_WASI_OBJECTS / MIB);
}

uint8_t *wasi_scratch(struct wasi_context *context)
{
    if (!context->scratch)
        context->scratch = malloc(WASI_SCRATCH);
    return context->scratch;
}

struct open_file *open_file_new(struct wasi_context *context, int fd)
{
    struct open_file *file =
        context->file_count < LIMIT_WASI_FILES ? wasi_new(context, struct open_file) : NULL;
    if (!file) {
        close(fd);
        return NULL;
    }
    *file = (struct open_file){.fd = fd, .references = 1, .next = context->files};
    if (file->next)
        file->next->previous = file;
    context->files = file;
    context->file_count++;
    return file;
}

void open_file_unref(struct wasi_context *context, struct open_file *file)
{
    if (--file->references > 0)
        return;
    close(file->fd);
    if (file->next)
        file->next->previous = file->previous;
    if (file->previous)
        file->previous->next = file->next;
    else
        context->files = file->next;
    context->file_count--;
    wasi_object_free(context, file, sizeof(*file));
}

static int open_preopens(struct wasi_context *context, struct error *err)
{
    const struct wasi_config *config = context->config;
    for (size_t i = 0; i < config->preopen_count; i++) {
        struct wasi_open_preopen *open_one = &context->preopens[i];
        open_one->preopen = &config->preopens[i];
        open_one->fd = open(open_one->preopen->host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (open_one->fd < 0)
            return error_set_os(
                err, errno, "cannot open folder '%s'", open_one->preopen->host_path);
    }
    return 0;
}

int wasi_context_new(
    const struct wasi_config *config, struct wasi_context **ret_context, struct error *err)
{
    struct wasi_context *context = calloc(1, sizeof(*context));
    struct wasi_open_preopen *preopens = calloc(config->preopen_count + 1, sizeof(*preopens));
    if (!context || !preopens) {
        free(context);
        free(preopens);
        return error_set(err, ERROR_MEMORY, "no memory for a WASI context");
    }
    *context = (struct wasi_context){.config = config,
        .objects = ARENA_INIT(LIMIT_WASI_OBJECTS),
        .preopens = preopens,
        .deadline = NEVER};
    for (size_t i = 0; i < config->preopen_count; i++)
        preopens[i].fd = -1;
    if (open_preopens(context, err) < 0) {
        wasi_context_free(context);
        return -1;
    }
    *ret_context = context;
    return 0;
}

void wasi_context_free(struct wasi_context *context)
{
    if (!context)
        return;
    wasi_context_reset(context);
    for (size_t i = 0; i < context->config->preopen_count; i++)
        if (context->preopens[i].fd >= 0)
            close(context->preopens[i].fd);
    arena_release(&context->objects);
    free(context->preopens);
    free(context->scratch);
    free(context);
}

void wasi_context_reset(struct wasi_context *context)
{
    for (struct open_file *file = context->files; file; file = file->next)
        close(file->fd);
    context->files = NULL;
    context->file_count = 0;
    outgoing_reset(context);
    memset(context->free_blocks, 0, sizeof(context->free_blocks));
    arena_reset(&context->objects);
    context->temporary = NULL;
    context->deadline = NEVER;
    context->exit_ok = false;
    context->exchange = NULL;
    context->http_state = WASI_HTTP_IDLE;
    context->http_gone = false;
    context->reply = NULL;
}

void wasi_context_set_deadline(struct wasi_context *context, deadline_t deadline)
{
    context->deadline = deadline;
}

bool wasi_context_exit_ok(const struct wasi_context *context)
{
    return context->exit_ok;
}

void wasi_context_set_embedder(struct wasi_context *context, void *data)
{
    context->embedder = data;
}

void *wasi_context_embedder(const struct wasi_context *context)
{
    return context->embedder;
}

const struct wasi_config *wasi_context_config(const struct wasi_context *context)
{
    return context->config;
}

void wasi_blocks(struct wasi_context *context)
{
    wasi_http_flush(context);
    if (context->config->blocks)
        context->config->blocks(context->config->data);
}

void wasi_resumes(struct wasi_context *context)
{
    if (context->config->resumes)
        context->config->resumes(context->config->data);
}
