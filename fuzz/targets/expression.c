/* A template of a manifest's value. Its parts, with their braces, are all that was written. */
#include "manifest/expression.h"

#include "fuzz.h"
#include "manifest/names.h"

void fuzz_one(struct str input)
{
    struct arena arena CLEANUP(arena_release) = ARENA_INIT(256 * MIB);
    struct expression expression;
    const char *problem = expression_parse(&arena, input, &expression);
    size_t len = 0;
    BUG_IF(problem && !*problem);
    for (size_t i = 0; !problem && i < expression.count; i++) {
        struct expression_part part = expression.parts[i];
        BUG_IF(part.is_variable && check_variable_name(&arena, part.text));
        len += part.text.len + (part.is_variable ? 4 : 0);
    }
    BUG_IF(len > input.len);
}
