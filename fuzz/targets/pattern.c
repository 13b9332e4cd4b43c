/* The pattern of a template's parameter on the first line, the value that it is tried on below. */
#include "template/pattern.h"

#include "fuzz.h"

void fuzz_one(struct str input)
{
    struct error err = ERROR_INIT;
    struct str pattern = fuzz_line(&input);
    bool matches;
    fuzz_succeeded(pattern_matches(pattern, input, &matches, &err), &err);
}
