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
#include "app/services.h"
#include "client/allowed_hosts.h"
#include "component/component.h"
#include "spin/spin.h"
#include "wasi/wasi.h"

/* A component linked with what code there is, and the image of its first instance. */
struct app_program {
    struct component_program *program;
    struct wasm_image *image;
};

struct app_instance {
    struct app_instance *next;               /* in the pool */
    const struct component_program *program; /* that it was made from */
    struct component_instance *instance;
    struct wasi_context *context;
    struct spin_context *spin_context;
    struct component_func *handle;
};

struct app_component {
    struct app *app;
    const struct manifest_component *manifest;
    const struct app_options *options;
    struct app_services *services;
    struct guest_log log;
    struct wasi_config wasi;
    struct spin_config spin;
    struct arena grants; /* what both hold, and the next */
    struct spin_variables variables;
    struct client_allowed_hosts allowed_hosts;
    const struct component_host *hosts; /* every interface that is offered */
    size_t host_count;
    struct wasi_variable *environment;
    struct str handler; /* the export's name, "wasi:http/incoming-handler@0.2.0" */

    struct str bytes; /* the file, mapped */
    struct component *component;
    struct app_program interpreted; /* the program before native code was there (native.c) */
    struct background *background;  /* what compiles it; NULL: nothing */

    pthread_mutex_t lock; /* what follows */
    struct app_program current;
    pthread_cond_t freed;
    struct app_instance *pool;
    unsigned instance_count; /* with those in use */
    unsigned waiting;        /* threads that wait for an instance */

    _Atomic uint64_t checked, different; /* rewinds */
    _Atomic uint32_t hot_pages;          /* of the last one checked */
};

int app_component_load(struct app_component *c, struct app *app, const struct manifest *manifest,
    const struct manifest_component *component, const struct app_options *options,
    struct app_services *services, struct error *err);
/*
 * grants.c: what the manifest lets a component use, as plain data in c->wasi and c->spin. Each
 * service has a file of its own here, which grants.c calls. Also fills c->hosts.
 */
int app_component_grant(
    struct app_component *c, const struct manifest *manifest, struct error *err);
int app_allowed_hosts_grant(
    struct app_component *c, const struct manifest *manifest, struct error *err);
int app_outbound_grant(struct app_component *c, struct error *err);
int app_redis_grant(struct app_component *c, struct error *err);
int app_llm_grant(struct app_component *c, struct error *err);
/* Links with the code that there is now, and takes an image. */
int app_component_link(struct app_component *c, struct app_program *ret_program, struct error *err);
void app_program_release(struct app_program *program);
/* The native code that a component may use. */
struct component_native_options app_component_native(const struct app_options *options);
/* No instance is in use. */
void app_component_release(struct app_component *c);

/*
 * native.c: if core modules are interpreted for want of native code, says so and has them compiled
 * by another process; when that is done, new instances run it.
 */
void app_component_compile_later(struct app_component *c, const char *path);
void app_component_stop_compiling(struct app_component *c);

/* Frees the instances that nobody uses. */
void app_component_drop_pool(struct app_component *c);
/* Answers the exchange by the component's handler, or rejects it. */
void app_component_handle(struct app_component *c, struct http_exchange *x);

/* app.c */
/* As if the request had come from outside, but without a socket. */
void app_answer_itself(struct app *app, struct http_exchange *x);
/* By the component of that name, whatever its routes. False if a trigger names none such. */
bool app_answer_by(struct app *app, struct http_exchange *x, struct str component);

#endif
