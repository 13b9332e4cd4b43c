/*
 * One component of an application: its file, its image and the instances made from it.
 *
 * Instances wait in a last-in-first-out list, so that the same few serve as long as few are needed
 * and their pages stay warm. An instance in the list is byte for byte as the image.
 */
#ifndef SPINDLE_APP_COMPONENT_H
#define SPINDLE_APP_COMPONENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/app.h"
#include "app/log.h"
#include "component/component.h"
#include "wasi/wasi.h"

struct app_instance {
    struct app_instance *next; /* in the pool */
    struct component_instance *instance;
    struct wasi_context *context;
    struct component_func *handle;
};

struct app_component {
    const struct manifest_component *manifest;
    const struct app_options *options;
    struct guest_log log;
    struct wasi_config wasi;
    struct wasi_variable *environment;
    struct str handler; /* the export's name, "wasi:http/incoming-handler@0.2.0" */

    struct str bytes; /* the file, mapped */
    struct component *component;
    struct component_program *program;
    struct wasm_image *image;

    pthread_mutex_t lock; /* what follows */
    pthread_cond_t freed;
    struct app_instance *pool;
    unsigned instance_count; /* with those in use */
    unsigned waiting;        /* threads that wait for an instance */

    _Atomic uint64_t checked, different; /* rewinds */
    _Atomic uint32_t hot_pages;          /* of the last one checked */
};

int app_component_load(struct app_component *c, const struct manifest *manifest,
    const struct manifest_component *component, const struct app_options *options,
    struct error *err);
/* No instance is in use. */
void app_component_release(struct app_component *c);
/* Answers the exchange by the component's handler, or rejects it. */
void app_component_handle(struct app_component *c, struct http_exchange *x);

#endif
