/* A Liquid text: the first byte says how it is rendered, and it may include itself. */
#include "template/liquid.h"

#include "base/utf8.h"
#include "fuzz.h"

static const struct liquid_variable variables[] = {
    {STR("name"), STR("My-First app_2")},
    {STR("http-path"), STR("/hello")},
    {STR("text"), STR("a \"b\" \\ \n")},
    {STR("list"), STR("b,a,c")},
    {STR("nothing"), STR("")},
    {STR("number"), STR("41")},
};

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct buf out CLEANUP(buf_release) = BUF_INIT(1 * MIB);
    struct error err = ERROR_INIT;
    struct map partials;
    const struct liquid_template *template;
    enum liquid_output output = fuzz_byte(&input) & 1 ? LIQUID_TOML : LIQUID_PLAIN;
    if (!fuzz_succeeded(liquid_parse(&arena, "fuzz", input, &template, &err), &err))
        return;
    map_init(&partials, &arena);
    struct liquid_globals globals = {countof(variables), variables, &partials};
    BUG_IF(!map_put(&partials, STR("self"), (void *)template));
    if (fuzz_succeeded(liquid_render(&arena, template, &globals, output, &out, &err), &err))
        BUG_IF(utf8_valid(input) && !utf8_valid(buf_str(&out)));
}
