#include "../unit.h"

#include <unistd.h>

#include "base/file.h"
#include "manifest/manifest.h"

#define HEAD                                \
    "spin_manifest_version = \"1\"\n"       \
    "name = \"old\"\nversion = \"1.0.0\"\n" \
    "trigger = { type = \"http\", base = \"/\" }\n"
#define COMPONENT "[[component]]\nid = \"c\"\nsource = \"c.wasm\"\n"
#define ROUTE     "[component.trigger]\nroute = \"/...\"\n"

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

static void assert_hosts(const struct manifest_component *c, const char *expected)
{
    struct buf hosts = BUF_INIT(4096);
    for (size_t i = 0; i < c->allowed_outbound_hosts.count; i++)
        buf_printf(
            &hosts, "%s%" STR_FMT, i ? " " : "", STR_ARG(c->allowed_outbound_hosts.items[i].text));
    assert_string_equal(buf_cstr(&hosts), expected);
    buf_release(&hosts);
}

static void what_it_means(void **state)
{
    (void)state;
    static const char text[] =
        HEAD "[variables]\nb = { default = \"1\" }\n"
             "[[component]]\nid = \"Hello_World\"\nsource = \"a.wasm\"\ndescription = \"d\"\n"
             "files = [\"x\"]\nconfig = { a = \"{{ b }}\" }\nallowed_http_hosts = [\"h\"]\n"
             "[component.trigger]\nroute = \"/a\"\nexecutor = { type = \"spin\" }\n"
             "[component.build]\ncommand = \"make\"\n"
             "[[component]]\nid = \"two\"\nsource = \"b.wasm\"\n"
             "allowed_http_hosts = [\"insecure:allow-all\"]\nallowed_outbound_hosts = []\n"
             "[component.trigger]\nroute = \"/b/...\"\n";
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load(text, MANIFEST_FOR_RUNNING, &m, &err), 0);
    assert_true(str_is(m->name, "old") && str_is(m->version, "1.0.0"));
    assert_int_equal(m->component_count, 2);
    assert_int_equal(m->trigger_count, 2);
    const struct manifest_component *c = manifest_find(m, STR("hello-world"));
    assert_non_null(c);
    assert_true(str_is(c->variables.items[0].value, "{{ b }}"));
    assert_int_equal(c->file_count, 1);
    assert_true(str_is(c->build.commands.items[0].text, "make"));
    assert_hosts(c, "http://h https://h redis://*:* mysql://*:* postgres://*:*");
    assert_hosts(manifest_find(m, STR("two")), "http://*:* https://*:* http://self");
    assert_true(str_is(m->triggers[0].id, "trigger-hello-world"));
    assert_true(str_is(m->triggers[0].component, "hello-world"));
    assert_true(str_is(m->triggers[1].route, "/b/..."));
    assert_null(m->warnings);
    manifest_free(m);
}

static void the_older_name_of_the_version(void **state)
{
    (void)state;
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(load("spin_version = \"1\"\nname = \"a\"\ntrigger = { type = \"http\" }\n",
                         MANIFEST_FOR_RUNNING, &m, &err),
        0);
    assert_int_equal(m->component_count, 0);
    manifest_free(m);
    assert_int_equal(load("spin_version = \"1\"\nwhat = 1\n[[component]]\nid = \"c\"\n"
                          "build = { command = \"make\" }\n",
                         MANIFEST_BUILD_TABLES, &m, &err),
        0);
    assert_true(str_is(m->components[0].build.commands.items[0].text, "make"));
    manifest_free(m);
}

static const struct {
    const char *text, *message;
} bad[] = {
    {"spin_version = \"1\"\n", ":1:1: missing field `name` in a manifest of version 1"},
    {"spin_version = \"1\"\nname = \"a\"\n", ":1:1: missing field `trigger`"},
    {HEAD "[application]\n", ":5:2: unknown field `application` in a manifest of version 1"},
    {"spin_version = \"1\"\nname = \"a\"\ntrigger = { type = \"http\", base = \"/x\" }\n",
        ":3:28: This application is using the deprecated trigger 'base' field."},
    {"spin_version = \"1\"\nname = \"a\"\ntrigger = { type = \"redis\", address = \"x\" }\n",
        ":3:20: the trigger type `redis` is not supported yet"},
    {HEAD "[[component]]\nsource = \"x\"\n", ":5:1: missing field `id` in [[component]]"},
    {HEAD "[[component]]\nid = \"1\"\n", ":6:6: '-'-separated words must start with an ASCII"},
    {HEAD "[[component]]\nid = \"c\"\n" ROUTE, ":6:6: missing field `source` in [component.c]"},
    {HEAD COMPONENT, ":6:6: missing table `[component.trigger]` of component `c`"},
    {HEAD COMPONENT "[component.trigger]\n", ":8:1: missing field `route` in [component.trigger]"},
    {HEAD COMPONENT "variables = {}\n" ROUTE, ":8:1: unknown field `variables` in [component.c]"},
    {HEAD COMPONENT ROUTE COMPONENT ROUTE, ":11:6: there are two components `c`"},
    {HEAD "[component.c]\n", ":5:1: `component` must be an array, not a table"},
};

static void what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct manifest *m;
        struct error err = ERROR_INIT;
        assert_int_equal(load(bad[i].text, MANIFEST_FOR_RUNNING, &m, &err), -1);
        const char *after = strchr(err.messages[0], ':');
        if (!after || strncmp(after, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("entry %zu: expected '%s', got '%s'", i, bad[i].message, err.messages[0]);
        error_release(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_means),
        cmocka_unit_test(the_older_name_of_the_version),
        cmocka_unit_test(what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
