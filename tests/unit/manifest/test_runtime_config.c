#include "../unit.h"

#include <unistd.h>

#include "base/file.h"
#include "manifest/runtime_config.h"

static int load(const char *text, struct runtime_config **c, struct error *err)
{
    char path[] = "/tmp/spindle-runtime-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, str_of(text), err), 0);
    close(fd);
    int result = runtime_config_load(path, c, err);
    unlink(path);
    return result;
}

static void everything_that_is_used(void **state)
{
    (void)state;
    static const char text[] =
        "state_dir = \"s\"\nlog_dir = \"\"\nmax_instance_memory = 1000\n"
        "[[variables_provider]]\ntype = \"env\"\nprefix = \"P\"\ndotenv_path = \"d\"\n"
        "[[variables_provider]]\ntype = \"static\"\n[variables_provider.values]\na = \"1\"\n"
        "[[config_provider]]\ntype = \"nothing that is looked at\"\n"
        "[key_value_store.default]\ntype = \"spin\"\npath = \"kv.db\"\n"
        "[key_value_store.my_other]\ntype = \"redis\"\nurl = \"redis://x\"\n"
        "[sqlite_database.default]\ntype = \"spin\"\nallow_attach_file = true\n"
        "[llm_compute]\ntype = \"remote_http\"\nurl = \"http://x\"\nauth_token = \"t\"\n"
        "api_type = \"open_ai\"\n"
        "[outbound_http]\nmax_connections = 7\n"
        "[outbound_redis]\nmax_connections = 5\n"
        "[outbound_networking]\nblock_networks = [\"private\"]\n";
    struct runtime_config *c;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, &c, &err), 0);
    assert_true(c->has_state_dir && str_is(c->state_dir, "s"));
    assert_true(c->has_log_dir && c->log_dir.len == 0);
    assert_int_equal(c->max_instance_memory, 1000);
    assert_int_equal(c->provider_count, 2);
    assert_int_equal(c->providers[0].kind, RUNTIME_PROVIDER_ENV);
    assert_true(str_is(c->providers[0].prefix, "P") && str_is(c->providers[0].dotenv_path, "d"));
    assert_true(str_is(c->providers[1].values.items[0].value, "1"));
    assert_true(str_is(runtime_config_key_value(c, STR("default"))->path, "kv.db"));
    assert_true(str_is(runtime_config_key_value(c, STR("my_other"))->url, "redis://x"));
    assert_int_equal(runtime_config_key_value(c, STR("my_other"))->place.line, 17);
    assert_null(runtime_config_key_value(c, STR("none")));
    assert_true(runtime_config_sqlite(c, STR("default"))->allow_attach_file);
    assert_int_equal(c->llm.kind, RUNTIME_LLM_REMOTE_HTTP);
    assert_true(c->llm.open_ai && str_is(c->llm.auth_token, "t"));
    assert_false(c->http_pooling);
    assert_true(str_is(c->block_networks.items[0].text, "private"));
    struct buf summary = BUF_INIT(4096);
    runtime_config_summary(c, &summary);
    assert_string_equal(buf_cstr(&summary),
        "[key_value_store.default: spin], [key_value_store.my_other: redis], "
        "[sqlite_database.default: spin], [llm_compute: remote_http], "
        "[outbound_http: max_connections=7], [outbound_redis: max_connections=5]");
    buf_release(&summary);
    runtime_config_free(c);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct runtime_config *c;
    struct error err = ERROR_INIT;
    assert_int_equal(load("", &c, &err), 0);
    assert_true(c->http_pooling);
    assert_false(c->has_state_dir || c->has_log_dir);
    assert_int_equal(c->llm.kind, RUNTIME_LLM_NONE);
    runtime_config_free(c);
    assert_null(runtime_config_key_value(NULL, STR("default")));
    assert_null(runtime_config_sqlite(NULL, STR("default")));
}

static const struct {
    const char *text, *message;
    enum error_kind kind;
} bad[] = {
    {"x = \n", ":1:5: TOML parse error: ", ERROR_INVALID},
    {"key_value_stores = 1\n",
        ":1:1: unknown field `key_value_stores` in the runtime config; did you mean "
        "`key_value_store`?",
        ERROR_INVALID},
    {"state_dir = 1\n", ":1:13: `state_dir` must be a string, not an integer", ERROR_INVALID},
    {"max_instance_memory = 0\n", ":1:23: `max_instance_memory` must be at least 1", ERROR_INVALID},
    {"[[variables_provider]]\ntype = \"vault\"\n",
        ":2:8: the type \"vault\" of [[variables_provider]] is not supported yet",
        ERROR_UNSUPPORTED},
    {"[[config_provider]]\ntype = \"azure_key_vault\"\n",
        ":2:8: the type \"azure_key_vault\" of [[config_provider]] is not supported yet",
        ERROR_UNSUPPORTED},
    {"[[config_provider]]\ntype = \"envv\"\n",
        ":2:8: unknown type \"envv\" of [[config_provider]]; there is \"env\", \"static\"",
        ERROR_INVALID},
    {"[[config_provider]]\n", ":1:1: missing field `type` in [[config_provider]]", ERROR_INVALID},
    {"[[config_provider]]\ntype = \"env\"\nprefx = \"x\"\n",
        ":3:1: unknown field `prefx` in [[config_provider]]; did you mean `prefix`?",
        ERROR_INVALID},
    {"[key_value_store.a]\ntype = \"aws_dynamo\"\n",
        ":2:8: the type \"aws_dynamo\" of [key_value_store.a] is not supported yet",
        ERROR_UNSUPPORTED},
    {"[key_value_store.a]\ntype = \"redis\"\n", ":1:1: missing field `url` in [key_value_store.a]",
        ERROR_INVALID},
    {"[key_value_store.a]\ntype = \"spin\"\nurl = \"x\"\n",
        ":3:1: unknown field `url` in [key_value_store.a]; it may have `type`, `path`",
        ERROR_INVALID},
    {"[key_value_store]\na = 1\n", ":2:5: [key_value_store.a] must be a table, not an integer",
        ERROR_INVALID},
    {"[key_value_store.\"a b\"]\ntype = \"spin\"\n",
        ":1:18: '-'-separated words may only contain alphanumeric ASCII; got ' '", ERROR_INVALID},
    {"[sqlite_database.a]\ntype = \"libsql\"\n",
        ":2:8: the type \"libsql\" of [sqlite_database.a] is not supported yet", ERROR_UNSUPPORTED},
    {"[llm_compute]\ntype = \"remote_http\"\nurl = \"x\"\n",
        ":1:1: missing field `auth_token` in [llm_compute]", ERROR_INVALID},
    {"[llm_compute]\ntype = \"remote_http\"\nurl = \"x\"\nauth_token = \"\"\napi_type = \"o\"\n",
        ":5:12: unknown `api_type` \"o\"; there is \"default\", \"open_ai\"", ERROR_INVALID},
    {"[outbound_pg]\nmax_connections = 1\n",
        ":1:2: `outbound_pg` in the runtime config is not supported yet", ERROR_UNSUPPORTED},
    {"[outbound_http]\nmax_connections = -1\n", ":2:19: `max_connections` must be at least 1",
        ERROR_INVALID},
};

static void everything_that_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct runtime_config *c;
        struct error err = ERROR_INIT;
        assert_int_equal(load(bad[i].text, &c, &err), -1);
        const char *after = strchr(err.messages[0], ':');
        if (!after || strncmp(after, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("entry %zu: expected '%s', got '%s'", i, bad[i].message, err.messages[0]);
        assert_int_equal(err.kind, bad[i].kind);
        error_release(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_used),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(everything_that_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
