#include "../unit.h"

#include <unistd.h>

#include "app/variables.h"
#include "base/file.h"

#define MANIFEST                                              \
    "spin_manifest_version = 2\n"                             \
    "[application]\nname = \"a\"\n"                           \
    "[variables]\n"                                           \
    "one = { default = \"1\" }\n"                             \
    "two = { default = \"2\" }\n"                             \
    "user_name = { default = \"u\" }\n"                       \
    "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"c\"\n" \
    "[component.c]\nsource = \"x\"\n"                         \
    "variables = { a = \"{{ one }}-{{ two }}\", b = \"plain\" }\n"

static char folder[] = "/tmp/spindle-variables-XXXXXX";
static struct arena arena = ARENA_INIT(1 << 24);

static const char *put(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    const char *path = path_join(&arena, folder, name);
    assert_int_equal(file_write(path, str_of(text), 0644, &err), 0);
    return path;
}

static struct manifest *manifest_of(const char *text)
{
    struct manifest *m;
    struct error err = ERROR_INIT;
    assert_int_equal(manifest_load(put("spin.toml", text), MANIFEST_FOR_RUNNING, &m, &err), 0);
    return m;
}

static struct manifest_pairs options(const char *const *texts)
{
    struct manifest_pairs pairs = {0};
    struct error err = ERROR_INIT;
    for (; *texts; texts++)
        assert_int_equal(app_variables_read_option(&arena, *texts, &pairs, &err), 0);
    return pairs;
}

#define OPTIONS(...) options((const char *const[]){__VA_ARGS__, NULL})

static void assert_value(const struct app_variables *v, const char *name, const char *expected)
{
    const struct spin_variable *found = spin_variables_find(&v->values, str_of(name));
    assert_non_null(found);
    assert_true(str_is(found->value, expected));
}

static void who_wins(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct app_variables v;
    struct runtime_config *config;
    struct manifest *m = manifest_of(MANIFEST);
    struct manifest_pairs none = {0};
    assert_int_equal(app_variables_resolve(m, &none, NULL, &v, &err), 0);
    assert_value(&v, "one", "1");
    app_variables_release(&v);
    put(".env", "SPIN_VARIABLE_ONE=dotenv\nSPIN_VARIABLE_USER_NAME=dotenv\n");
    setenv("SPIN_VARIABLE_ONE", "environment", 1);
    assert_int_equal(app_variables_resolve(m, &none, NULL, &v, &err), 0);
    assert_value(&v, "one", "environment");
    assert_value(&v, "user_name", "dotenv");
    assert_value(&v, "two", "2");
    app_variables_release(&v);
    const char *path = put("runtime.toml", "[[variables_provider]]\ntype = \"static\"\n"
                                           "values = { one = \"static\" }\n"
                                           "[[variables_provider]]\ntype = \"env\"\n"
                                           "prefix = \"OTHER\"\ndotenv_path = \"other.env\"\n");
    put("other.env", "OTHER_TWO=second\nOTHER_ONE=second\n");
    assert_int_equal(runtime_config_load(path, &config, &err), 0);
    assert_int_equal(app_variables_resolve(m, &none, config, &v, &err), 0);
    assert_value(&v, "one", "static");
    assert_value(&v, "two", "second");
    app_variables_release(&v);
    struct manifest_pairs given = OPTIONS("one=first", "one=last=1");
    assert_int_equal(app_variables_resolve(m, &given, config, &v, &err), 0);
    assert_value(&v, "one", "last=1");
    app_variables_release(&v);
    runtime_config_free(config);
    unsetenv("SPIN_VARIABLE_ONE");
    unlink(".env");
    manifest_free(m);
}

static void required_ones(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct app_variables v;
    struct manifest_pairs none = {0};
    struct manifest *m = manifest_of("spin_manifest_version = 2\n[application]\nname = \"a\"\n"
                                     "[variables]\none = { required = true }\n"
                                     "two = { default = \"\" }\nthree = { required = true }\n"
                                     "[[trigger.http]]\nroute = \"/\"\n"
                                     "static_response = { body = \"x\" }\n");
    assert_int_equal(app_variables_resolve(m, &none, NULL, &v, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_non_null(strstr(error_message(&err),
        "spin.toml:5:1: no provider resolved required variable(s): [Key(\"one\"), Key(\"three\")]; "
        "give a value with `--variable one=...` or SPIN_VARIABLE_ONE\n"));
    error_release(&err);
    struct manifest_pairs given = OPTIONS("one=1", "three=");
    assert_int_equal(app_variables_resolve(m, &given, NULL, &v, &err), 0);
    assert_value(&v, "three", "");
    app_variables_release(&v);
    given = OPTIONS("one=1", "three=\xff");
    assert_int_equal(app_variables_resolve(m, &given, NULL, &v, &err), -1);
    assert_non_null(strstr(error_message(&err), "for variable `three` is not UTF-8"));
    error_release(&err);
    manifest_free(m);
}

static void templates(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct app_variables v;
    struct spin_variables own;
    struct manifest *m = manifest_of(MANIFEST);
    struct manifest_pairs given = OPTIONS("two={{ one }}");
    assert_int_equal(app_variables_resolve(m, &given, NULL, &v, &err), 0);
    assert_int_equal(app_variables_of_component(&v, m, &m->components[0], &arena, &own, &err), 0);
    assert_int_equal(own.count, 2);
    /* A value is text: what looks like a template in it is none, so there are no cycles. */
    assert_true(str_is(spin_variables_find(&own, STR("a"))->value, "1-{{ one }}"));
    assert_true(str_is(spin_variables_find(&own, STR("b"))->value, "plain"));
    assert_null(spin_variables_find(&own, STR("one")));
    struct str text;
    struct manifest_place place = {11, 5, 3};
    assert_int_equal(app_variables_expand(&v, m, STR("{{ on }}"), place, &arena, &text, &err), -1);
    assert_non_null(strstr(error_message(&err), "unknown variable \"on\"; did you mean `one`?"));
    assert_non_null(strstr(error_message(&err), "spin.toml:11:5: "));
    error_release(&err);
    assert_int_equal(app_variables_expand(&v, m, STR("{{ x"), place, &arena, &text, &err), -1);
    error_release(&err);
    app_variables_release(&v);
    manifest_free(m);
}

static void files_of_values(void **state)
{
    (void)state;
    put("text", "a file\n");
    put("v.json", "{\"one\": \"json\", \"two\": \"\\u00e9\"}");
    put("v.toml", "one = \"toml\"\n");
    struct manifest_pairs pairs = OPTIONS("one=@text", "@v.json", "@v.toml");
    assert_int_equal(pairs.count, 4);
    assert_true(str_is(pairs.items[0].value, "a file\n"));
    assert_true(str_is(pairs.items[2].value, "\xc3\xa9"));
    assert_true(str_is(pairs.items[3].value, "toml"));
}

static void wrong_options(void **state)
{
    (void)state;
    put("list.json", "[]");
    put("number.json", "{\"one\": 1}");
    put("broken.json", "{\n");
    put("number.toml", "one = 1\n");
    put("name.toml", "One = \"1\"\n");
    static const char *const rows[][2] = {
        {"one", "variables must be in the form 'key=value' or '@file'"},
        {"@v.yaml", "variable files must end in .json or .toml"},
        {"@none.toml", "cannot read the variable file 'none.toml': "},
        {"one=@none", "cannot read the variable file 'none': "},
        {"@list.json", "list.json: a variable file must hold an object"},
        {"@number.json", "number.json: the value of variable `one` must be a string"},
        {"@broken.json", "broken.json:2:0: JSON parse error: "},
        {"@number.toml", "number.toml:1:7: the value of variable `one` must be a string, not an "
                         "integer"},
        {"@name.toml", "\"One\": invalid character 'O'."},
        {"my-key=1", "\"my-key\": invalid character '-'. Variable names may contain only "
                     "lower-case letters, numbers, and underscores."},
        {"1a=1", "\"1a\": must start with a lowercase ASCII letter"},
        {"a_=1", "\"a_\": must end with a lowercase ASCII letter or digit"},
        {"a__b=1", "\"a__b\": must not contain multiple consecutive underscores"},
        {"=1", "\"\": must start with a lowercase ASCII letter"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct manifest_pairs pairs = {0};
        struct error err = ERROR_INIT;
        struct buf line = BUF_INIT(1 << 16);
        assert_int_equal(app_variables_read_option(&arena, rows[i][0], &pairs, &err), -1);
        error_append_line(&err, &line);
        if (strncmp(buf_cstr(&line), rows[i][1], strlen(rows[i][1])) != 0)
            fail_msg("'%s': got '%s'", rows[i][0], buf_cstr(&line));
        buf_release(&line);
        error_release(&err);
    }
}

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    file_remove_tree(folder);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_wins),
        cmocka_unit_test(required_ones),
        cmocka_unit_test(templates),
        cmocka_unit_test(files_of_values),
        cmocka_unit_test(wrong_options),
    };
    return cmocka_run_group_tests(tests, start, end);
}
