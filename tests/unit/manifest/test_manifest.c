#include "../unit.h"

#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "manifest/manifest.h"

#define HEAD                      \
    "spin_manifest_version = 2\n" \
    "[application]\n"             \
    "name = \"a\"\n"
#define ROUTE            \
    "[[trigger.http]]\n" \
    "route = \"/...\"\n" \
    "component = \"c\"\n"
#define COMPONENT     \
    "[component.c]\n" \
    "source = \"c.wasm\"\n"

static int load(
    const char *text, enum manifest_purpose purpose, struct manifest **m, struct error *err)
{
    char path[] = "/tmp/spindle-manifest-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, str_of(text), err), 0);
    close(fd);
    int result = manifest_load(path, purpose, m, err);
    unlink(path);
    return result;
}

static void everything_that_is_used(void **state)
{
    (void)state;
    static const char text[] =
        "spin_manifest_version = 2\n"
        "[application]\n"
        "name = \"hello\"\nversion = \"1.2.3\"\ndescription = \"d\"\nauthors = [\"x\", \"y\"]\n"
        "[application.trigger.http]\nbase = \"/\"\n"
        "[application.tool.other]\nanything = 1\n"
        "[variables]\n"
        "one = { default = \"1\", secret = true }\n"
        "two_words = { required = true, description = \"t\" }\n"
        "[[trigger.http]]\nroute = \"/a/:id/...\"\ncomponent = \"first\"\n"
        "executor = { type = \"http\" }\n"
        "[[trigger.http]]\nid = \"mine\"\nroute = { private = true }\ncomponent = \"a-b2\"\n"
        "[component.first]\n"
        "source = \"x/app.wasm\"\ndescription = \"cd\"\n"
        "environment = { A = \"1\", b = \"two\" }\n"
        "allowed_outbound_hosts = []\nkey_value_stores = []\n"
        "[component.first.build]\n"
        "command = \"make\"\nworkdir = \"x\"\nwatch = [\"*.py\"]\n"
        "[component.first.tool.x]\ny = 1\n"
        "[component.a-b2]\n"
        "source = \"b.wasm\"\n"
        "build = { command = [\"one\", \"two\"] }\n";
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
    assert_true(str_is(m->name, "hello"));
    assert_true(str_is(m->version, "1.2.3"));
    assert_int_equal(m->authors.count, 2);
    assert_int_equal(m->variable_count, 2);
    assert_true(m->variables[0].secret && m->variables[0].has_default);
    assert_true(m->variables[1].required);
    assert_int_equal(m->trigger_count, 2);
    assert_true(str_is(m->triggers[0].id, "first-http-trigger"));
    assert_true(str_is(m->triggers[0].route, "/a/:id/..."));
    assert_true(m->triggers[1].is_private);
    assert_true(str_is(m->triggers[1].id, "mine"));
    assert_int_equal(m->component_count, 2);
    const struct manifest_component *c = manifest_find(m, STR("first"));
    assert_non_null(c);
    assert_true(str_is(c->source, "x/app.wasm"));
    assert_int_equal(c->source_place.line, 23);
    assert_int_equal(c->environment.count, 2);
    assert_true(str_is(c->environment.items[1].value, "two"));
    assert_true(str_is(c->build.commands.items[0].text, "make"));
    assert_true(str_is(c->build.workdir, "x"));
    c = manifest_find(m, STR("a-b2"));
    assert_true(c->build.is_array);
    assert_int_equal(c->build.commands.count, 2);
    assert_null(manifest_find(m, STR("none")));
    manifest_free(m);
}

static void what_a_component_may_have(void **state)
{
    (void)state;
    static const char text[] =
        HEAD ROUTE COMPONENT "id = \"c\"\n"
                             "variables = { url = \"{{ host }}\" }\n"
                             "files = [\"a/*\", { source = \"b\", destination = \"/b\" }]\n"
                             "exclude_files = [\"a/x\"]\n"
                             "allowed_outbound_hosts = [\"https://one\", \"redis://{{ host }}\"]\n"
                             "allowed_http_hosts = [\"two\", \"insecure:allow-all\"]\n"
                             "key_value_stores = [\"default\", \"a-b\", \"a_b\"]\n"
                             "sqlite_databases = [\"default\"]\nai_models = [\"llama2-chat\"]\n"
                             "targets = []\ndependencies_inherit_configuration = false\n";
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
    const struct manifest_component *c = &m->components[0];
    assert_int_equal(c->variables.count, 1);
    assert_true(str_is(c->variables.items[0].value, "{{ host }}"));
    assert_int_equal(c->variables.items[0].place.line, 10);
    assert_int_equal(c->variables.items[0].place.column, 21);
    assert_int_equal(c->file_count, 2);
    assert_true(!c->files[0].is_placement && str_is(c->files[0].source, "a/*"));
    assert_true(c->files[1].is_placement && str_is(c->files[1].destination, "/b"));
    assert_true(str_is(c->exclude_files.items[0].text, "a/x"));
    static const char *const hosts[] = {"https://one", "redis://{{ host }}", "http://two",
        "https://two", "http://*:*", "https://*:*", "http://self"};
    assert_int_equal(c->allowed_outbound_hosts.count, countof(hosts));
    for (size_t i = 0; i < countof(hosts); i++)
        assert_true(str_is(c->allowed_outbound_hosts.items[i].text, hosts[i]));
    assert_int_equal(c->allowed_outbound_hosts.items[1].place.column, 42);
    assert_int_equal(c->key_value_stores.count, 3);
    assert_int_equal(c->sqlite_databases.count, 1);
    assert_true(str_is(c->ai_models.items[0].text, "llama2-chat"));
    assert_non_null(strstr(m->warnings->text, "`id` in [component.c] is not needed"));
    assert_int_equal(m->warnings->place.line, 9);
    assert_non_null(strstr(m->warnings->next->text, "`allowed_http_hosts` is deprecated"));
    assert_null(m->warnings->next->next);
    manifest_free(m);
}

static void answers_of_triggers(void **state)
{
    (void)state;
    static const char text[] = HEAD
        "[[trigger.http]]\nroute = \"/a\"\n"
        "static_response = { status_code = 404, headers = { X-Y = \"z\" }, body = \"b\" }\n"
        "[[trigger.http]]\nid = \"named\"\nroute = \"/b\"\ncomponent = { source = \"b.wasm\" }\n"
        "[[trigger.http]]\nroute = \"/c\"\ncomponent = { source = \"c.wasm\" }\n"
        "[component.inline-component1]\nsource = \"d.wasm\"\n";
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
    const struct manifest_static_response *response = m->triggers[0].static_response;
    assert_int_equal(response->status, 404);
    assert_true(str_is(response->headers.items[0].name, "x-y"));
    assert_true(str_is(response->body, "b"));
    assert_int_equal(m->triggers[0].component.len, 0);
    assert_true(str_is(m->triggers[1].component, "named-component"));
    assert_true(str_is(m->triggers[1].id, "named"));
    assert_true(str_is(m->triggers[2].component, "inline-component2"));
    assert_true(str_is(m->triggers[2].id, "inline-component2-http-trigger"));
    assert_int_equal(m->component_count, 3);
    assert_true(str_is(manifest_find(m, STR("inline-component2"))->source, "c.wasm"));
    manifest_free(m);
}

static void what_is_not_supported_yet_can_be_built(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "targets = [\"t\"]\n" ROUTE "executor = { type = \"wagi\" }\n" COMPONENT
             "dependencies = { \"a:b\" = \"1\" }\n[[trigger.redis]]\nchannel = \"x\"\n";
    static const char *const later[] = {"`targets` in [application]",
        "`dependencies` in [component.c]", "the trigger type `redis`", "the executor \"wagi\""};
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, MANIFEST_FOR_BUILDING, &m, &err), 0);
    const struct manifest_notice *notice = m->later;
    for (size_t i = 0; i < countof(later); i++, notice = notice->next)
        assert_non_null(strstr(notice->text, later[i]));
    assert_null(notice);
    manifest_free(m);
    assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), -1);
    assert_int_equal(err.kind, ERROR_UNSUPPORTED);
    error_release(&err);
}

static void a_component_alone(void **state)
{
    (void)state;
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(manifest_of_component("x/my.app.wasm", &m, &err), 0);
    assert_true(str_is(m->name, "my.app") && str_is(m->components[0].id, "my.app"));
    assert_true(str_is(m->components[0].source, "my.app.wasm"));
    assert_string_equal(m->folder, "x");
    assert_true(str_is(m->triggers[0].route, "/..."));
    manifest_fail(m, m->components[0].source_place, ERROR_INVALID, &err, "is wrong");
    assert_string_equal(error_message(&err), "x/my.app.wasm: is wrong");
    error_release(&err);
    manifest_free(m);
}

static void components_are_selected(void **state)
{
    (void)state;
    static const char text[] = HEAD
        "[[trigger.http]]\nroute = \"/a\"\ncomponent = \"a\"\n"
        "[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n"
        "[[trigger.http]]\nroute = \"/c\"\ncomponent = \"c\"\n"
        "[component.a]\nsource = \"a\"\nallowed_outbound_hosts = [\"http://b.spin.internal\"]\n"
        "[component.b]\nsource = \"b\"\nallowed_outbound_hosts = [\"https://*\"]\n"
        "[component.c]\nsource = \"c\"\nallowed_outbound_hosts = [\"http://*.spin.internal/\"]\n";
    static const char *const ids[] = {"a", "b", "c", "d"};
    static const char *const messages[] = {
        "Selected component 'a' cannot use service chaining to unselected component: "
        "allowed_outbound_hosts = [\"http://b.spin.internal\"]",
        NULL,
        "Selected component 'c' cannot use wildcard service chaining: allowed_outbound_hosts = "
        "[\"http://*.spin.internal/\"]",
        "Specified component \"d\" not found in application"};
    for (size_t i = 0; i < countof(ids); i++) {
        struct manifest *m;
        struct error err = ERROR_INIT;
        assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
        assert_int_equal(manifest_select(m, ids + i, 1, &err), messages[i] ? -1 : 0);
        if (messages[i])
            assert_non_null(strstr(error_message(&err), messages[i]));
        else
            assert_true(m->trigger_count == 1 && str_is(m->triggers[0].route, "/b"));
        error_release(&err);
        manifest_free(m);
        assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
        assert_int_equal(manifest_select(m, ids, 2, &err), 0);
        assert_int_equal(m->trigger_count, 2);
        manifest_free(m);
    }
}

static const struct {
    const char *text;
    const char *message; /* after the file's name */
} bad[] = {
    {"x = \n", ":1:5: TOML parse error: "},
    {"[application]\nname = \"a\"\n", ":1:1: missing field `spin_manifest_version`"},
    {"spin_manifest_version = 3\n", ":1:25: invalid manifest version: \"3\""},
    {"spin_manifest_version = \"2\"\n",
        ":1:25: invalid manifest version; it must be the integer 2"},
    {"spin_manifest_version = 2\n", ":1:1: missing table `[application]`"},
    {"spin_manifest_version = 2\n[application]\n", ":2:1: missing field `name` in [application]"},
    {HEAD "nam = 1\n", ":4:1: unknown field `nam` in [application]; did you mean `name`?"},
    {HEAD "zzzzzzzz = 1\n", ":4:1: unknown field `zzzzzzzz` in [application]; it may have `name`"},
    {HEAD "version = 1\n", ":4:11: `version` must be a string, not an integer"},
    {HEAD "authors = [1]\n", ":4:12: `authors` must be an array of strings"},
    {HEAD "targets = [\"x\"]\n" ROUTE COMPONENT,
        ":4:1: `targets` in [application] is not supported yet"},
    {HEAD "[application.trigger.redis]\naddress = \"r\"\n" ROUTE COMPONENT,
        ":4:22: `application.trigger.redis` is not supported yet"},
    {HEAD "[application.trigger.http]\nbase = \"/x\"\n",
        ":5:1: This application is using the deprecated trigger 'base' field."},
    {HEAD "[components]\n", ":4:2: unknown field `components` in the manifest; did you mean "
                            "`component`?"},
    {HEAD "[variables]\nA = { default = \"\" }\n",
        ":5:1: Lower-case identifiers must be all lowercase; got \"A\""},
    {HEAD "[variables]\na-b = { default = \"\" }\n",
        ":5:1: words must be separated with '_', not '-'"},
    {HEAD "[variables]\n\"a+\" = { default = \"\" }\n",
        ":5:1: '_'-separated words may only contain alphanumeric ASCII; got '+'"},
    {HEAD "[variables]\na = {}\n", ":5:1: variable `a` must be `required` OR have a `default`"},
    {HEAD "[variables]\na = { default = \"\", required = true }\n",
        ":5:1: variable `a` must be `required` OR have a `default`"},
    {HEAD "[variables]\na = \"x\"\n", ":5:5: a variable is a table"},
    {HEAD, ":1:1: no triggers; add a table `[[trigger.http]]`"},
    {HEAD "[[trigger.redis]]\ncomponent = \"c\"\n" COMPONENT,
        ":4:11: the trigger type `redis` is not supported yet"},
    {HEAD "[trigger.http]\n" COMPONENT, ":4:1: `http` must be an array, not a table"},
    {HEAD "[[trigger.http]]\ncomponent = \"c\"\nrout = \"/...\"\n" COMPONENT,
        ":6:1: unknown field `rout` in [[trigger.http]]; did you mean `route`?"},
    {HEAD "[[trigger.http]]\ncomponent = \"c\"\n" COMPONENT,
        ":4:1: missing field `route` in [[trigger.http]]"},
    {HEAD "[[trigger.http]]\nroute = \"/\"\n" COMPONENT,
        ":4:1: Triggers must specify either component or static_response - http-trigger0 has "
        "neither"},
    {HEAD "[[trigger.http]]\nroute = { private = false }\ncomponent = \"c\"\n" COMPONENT,
        ":5:9: a `route` is a string or `{ private = true }`"},
    {HEAD "[[trigger.http]]\nroute = 1\ncomponent = \"c\"\n" COMPONENT,
        ":5:9: a `route` is a string or `{ private = true }`"},
    {HEAD "[[trigger.http]]\nroute = \"/.../a\"\ncomponent = \"c\"\n" COMPONENT,
        ":5:9: `...` must be the last part of a route"},
    {HEAD "[[trigger.http]]\nroute = \"/:/a\"\ncomponent = \"c\"\n" COMPONENT,
        ":5:9: a parameter of a route needs a name"},
    {HEAD "[[trigger.http]]\nroute = \"/a b\"\ncomponent = \"c\"\n" COMPONENT,
        ":5:9: a route has no spaces, `?` or `#`"},
    {HEAD ROUTE "executor = { type = \"wagi\" }\n" COMPONENT,
        ":7:21: the executor \"wagi\" is not supported yet"},
    {HEAD ROUTE "executor = { type = \"x\" }\n" COMPONENT, ":7:21: unknown executor \"x\""},
    {HEAD "[[trigger.http]]\nroute = \"/\"\ncomponent = \"helo\"\n[component.hello]\n"
          "source = \"x\"\n",
        ":6:13: there is no component `helo`; did you mean `hello`?"},
    {HEAD ROUTE, ":6:13: there is no component `c`; add a table `[component.c]`"},
    {HEAD ROUTE "[component.c]\n", ":7:12: missing field `source` in [component.c]"},
    {HEAD ROUTE "[component.c]\nsource = { url = \"u\", digest = \"d\" }\n",
        ":8:10: a `source` of a URL is not supported yet; name a file"},
    {HEAD ROUTE COMPONENT "[component.a_b]\nsource = \"x\"\n",
        ":9:12: words must be separated with '-', not '_'"},
    {HEAD ROUTE COMPONENT "[component.1a]\nsource = \"x\"\n",
        ":9:12: '-'-separated words must start with an ASCII letter; got '1'"},
    {HEAD ROUTE COMPONENT "[component.aB]\nsource = \"x\"\n",
        ":9:12: '-'-separated words must be all lowercase or all UPPERCASE; got \"aB\""},
    {HEAD ROUTE COMPONENT "environment = { A = 1 }\n",
        ":9:21: `environment.A` must be a string, not an integer"},
    {HEAD ROUTE COMPONENT "key_value_store = [\"default\"]\n",
        ":9:1: unknown field `key_value_store` in [component.c]; did you mean `key_value_stores`?"},
    {HEAD ROUTE COMPONENT "[component.c.build]\nworkdir = \"x\"\n",
        ":9:1: missing field `command` in [component.c.build]"},
    {HEAD ROUTE COMPONENT "[component.c.build]\ncommand = \"x\"\nworkdir = \"/x\"\n",
        ":11:11: The workdir specified in the application file must be relative."},
};

static void everything_that_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct manifest *m;
        struct error err = ERROR_INIT;
        assert_int_equal(load(bad[i].text, MANIFEST_FOR_RUNNING, &m, &err), -1);
        const char *after = strchr(err.messages[0], ':');
        if (!after || strncmp(after, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("entry %zu: expected '%s', got '%s'", i, bad[i].message, err.messages[0]);
        assert_non_null(strstr(err.messages[0], " | "));
        assert_true(
            str_starts_with(str_of(error_message(&err)), STR("Failed to load manifest from \"")));
        error_release(&err);
    }
}

static void the_place_is_marked(void **state)
{
    (void)state;
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(HEAD ROUTE "\trout = 1\n" COMPONENT, MANIFEST_FOR_RUNNING, &m, &err), -1);
    assert_non_null(strstr(err.messages[0], "\n  |\n7 | \trout = 1\n  | \t^^^^"));
    error_release(&err);
}

static void building_needs_less(void **state)
{
    (void)state;
    struct manifest *m;
    struct error err = ERROR_INIT;
    static const char text[] = "spin_manifest_version = 7\nwhat = 1\n"
                               "[component.c]\nfiles = [\"x\"]\nbuild = { command = \"make\" }\n";
    assert_int_equal(load(text, MANIFEST_BUILD_TABLES, &m, &err), 0);
    assert_int_equal(m->component_count, 1);
    assert_true(str_is(m->components[0].build.commands.items[0].text, "make"));
    manifest_free(m);
    assert_int_equal(
        load("[component.c]\nbuild = { comand = \"x\" }\n", MANIFEST_BUILD_TABLES, &m, &err), -1);
    error_release(&err);
}

static void a_missing_file(void **state)
{
    (void)state;
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(manifest_load("/nowhere/spin.toml", MANIFEST_FOR_RUNNING, &m, &err), -1);
    assert_string_equal(error_message(&err), "Failed to load manifest from \"/nowhere/spin.toml\"");
    error_release(&err);
}

/* However long what it quotes is, a message says what is wrong. */
static void a_field_with_a_long_name(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    struct buf text = BUF_INIT(MIB);
    struct error err = ERROR_INIT;
    struct manifest *m;
    buf_append_cstr(&text, HEAD);
    for (unsigned i = 0; i < LENGTH; i++)
        buf_append_byte(&text, 'x');
    buf_append_cstr(&text, " = 1\n");
    assert_int_equal(load(buf_cstr(&text), MANIFEST_FOR_RUNNING, &m, &err), -1);
    assert_non_null(strstr(err.messages[0], ":4:1: unknown field `xxx"));
    error_release(&err);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_used),
        cmocka_unit_test(what_a_component_may_have),
        cmocka_unit_test(answers_of_triggers),
        cmocka_unit_test(what_is_not_supported_yet_can_be_built),
        cmocka_unit_test(a_component_alone),
        cmocka_unit_test(components_are_selected),
        cmocka_unit_test(everything_that_is_wrong),
        cmocka_unit_test(the_place_is_marked),
        cmocka_unit_test(building_needs_less),
        cmocka_unit_test(a_missing_file),
        cmocka_unit_test(a_field_with_a_long_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
