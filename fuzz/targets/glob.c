/* A pattern of file names on the first line, a path below. */
#include "base/glob.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct str pattern = fuzz_line(&input);
    if (glob_problem(pattern))
        return;
    bool stops = glob_match(pattern, input, GLOB_STAR_STOPS);
    bool crosses = glob_match(pattern, input, GLOB_STAR_CROSSES);
    BUG_IF(stops && !crosses);
    if (!glob_is_pattern(pattern))
        BUG_IF(stops != str_equal(pattern, input));
}
