#include "../unit.h"

#include "base/limits.h"
#include "template/words.h"

static void check(const char *name, const char *kebab, const char *snake, const char *pascal)
{
    struct buf out = BUF_INIT(MIB);
    words_append_kebab(str_of(name), &out);
    assert_string_equal(buf_cstr(&out), kebab);
    buf_clear(&out);
    words_append_snake(str_of(name), &out);
    assert_string_equal(buf_cstr(&out), snake);
    buf_clear(&out);
    words_append_pascal(str_of(name), &out);
    assert_string_equal(buf_cstr(&out), pascal);
    buf_release(&out);
}

static void every_case(void **state)
{
    (void)state;
    check("", "", "", "");
    check("--", "", "", "");
    check("hello", "hello", "hello", "Hello");
    check("My First  app", "my-first-app", "my_first_app", "MyFirstApp");
    check("myFirstApp", "my-first-app", "my_first_app", "MyFirstApp");
    check("HTTPServer", "http-server", "http_server", "HttpServer");
    check("HTTP", "http", "http", "Http");
    check("app2B", "app2-b", "app2_b", "App2B");
    check("aBC", "a-bc", "a_bc", "ABc");
    check("caf\xc3\xa9 au lait", "caf\xc3\xa9-au-lait", "caf\xc3\xa9_au_lait",
        "Caf\xc3\xa9"
        "AuLait");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
