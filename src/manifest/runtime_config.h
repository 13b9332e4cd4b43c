/*
 * The runtime configuration (`spin up --runtime-config-file`) as plain structs: what stands behind
 * the labels of a manifest. Nothing here opens a store or reads another file.
 *
 * The whole file is checked: unknown tables and fields are refused with file and line, and so are
 * those that Spin knows and we do not support yet.
 */
#ifndef SPINDLE_MANIFEST_RUNTIME_CONFIG_H
#define SPINDLE_MANIFEST_RUNTIME_CONFIG_H

#include "manifest/manifest.h"

/* [[variables_provider]], [[config_provider]] */
struct runtime_config_provider {
    enum { RUNTIME_PROVIDER_ENV, RUNTIME_PROVIDER_STATIC } kind;
    struct str prefix;            /* env: "SPIN_VARIABLE" unless it is given */
    struct str dotenv_path;       /* env: as written; empty: ".env" */
    struct manifest_pairs values; /* static */
    struct manifest_place place;
};

/* [key_value_store.<label>] */
struct runtime_config_key_value {
    struct str label;
    enum { RUNTIME_KEY_VALUE_SPIN, RUNTIME_KEY_VALUE_REDIS } kind;
    struct str path; /* spin: relative to the file's folder; empty: the default one */
    struct str url;  /* redis */
    struct manifest_place place;
};

/* [sqlite_database.<label>] */
struct runtime_config_sqlite {
    struct str label;
    struct str path; /* relative to the working directory; empty: the default one */
    bool allow_attach_file;
    struct manifest_place place;
};

/* [llm_compute] */
struct runtime_config_llm {
    enum { RUNTIME_LLM_NONE, RUNTIME_LLM_SPIN, RUNTIME_LLM_REMOTE_HTTP } kind;
    struct str url, auth_token; /* remote_http */
    bool open_ai;               /* its api_type; else Spin's own */
    struct manifest_place place;
};

struct runtime_config {
    struct arena arena;
    struct buf text;
    struct toml_document document;
    char *path, *folder;
    bool has_state_dir, has_log_dir; /* "" means: none */
    struct str state_dir, log_dir;   /* relative to the working directory */
    uint64_t max_instance_memory;    /* bytes; 0: not given */
    size_t provider_count;
    struct runtime_config_provider *providers; /* in the file's order */
    size_t key_value_count;
    struct runtime_config_key_value *key_values;
    size_t sqlite_count;
    struct runtime_config_sqlite *sqlites;
    struct runtime_config_llm llm;
    bool http_pooling;                                    /* true unless [outbound_http] says no */
    uint64_t http_max_connections, redis_max_connections; /* 0: no limit */
    struct manifest_strings block_networks;               /* "10.0.0.0/8", "private" */
};

int runtime_config_load(const char *path, struct runtime_config **ret_config, struct error *err);
void runtime_config_free(struct runtime_config *config);
/* NULL if there is none; `config` may be NULL: no file was given. */
const struct runtime_config_key_value *runtime_config_key_value(
    const struct runtime_config *config, struct str label);
const struct runtime_config_sqlite *runtime_config_sqlite(
    const struct runtime_config *config, struct str label);
/* An error at a place of the file. Returns -1. */
PRINTF_LIKE(5, 6)
int runtime_config_fail(const struct runtime_config *config, struct manifest_place place,
    enum error_kind kind, struct error *err, const char *fmt, ...);
/* Appends "[key_value_store.x: redis], ..." for the line at the start; nothing if there is nothing.
 */
void runtime_config_summary(const struct runtime_config *config, struct buf *out);

#endif
