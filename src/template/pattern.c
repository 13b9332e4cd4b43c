#include "template/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A pattern that needs more steps than this on a text that a person typed is a mistake. */
enum { MATCH_STEPS = 1000000, MATCH_KIB = 16 * 1024 };

static void code_free(pcre2_code **code)
{
    pcre2_code_free(*code);
}

static int compile(struct str pattern, pcre2_code **ret, struct error *err)
{
    int number;
    PCRE2_SIZE offset;
    *ret = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
        PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &number, &offset,
        NULL);
    if (*ret)
        return 0;
    PCRE2_UCHAR why[128] = "";
    pcre2_get_error_message(number, why, sizeof why);
    return error_set(err, ERROR_INVALID, "the pattern '%" STR_FMT "' is wrong at character %zu: %s",
        STR_ARG(pattern), offset + 1, (const char *)why);
}

int pattern_matches(struct str pattern, struct str text, bool *ret, struct error *err)
{
    CLEANUP(code_free) pcre2_code *code = NULL;
    if (compile(pattern, &code, err) < 0)
        return -1;
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int result = PCRE2_ERROR_NOMEMORY;
    if (match && context) {
        pcre2_set_match_limit(context, MATCH_STEPS);
        pcre2_set_heap_limit(context, MATCH_KIB);
        result = pcre2_match(
            code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, match, context);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH) {
        PCRE2_UCHAR why[128] = "";
        pcre2_get_error_message(result, why, sizeof why);
        return error_set(err, ERROR_INVALID, "the pattern '%" STR_FMT "' cannot be matched: %s",
            STR_ARG(pattern), (const char *)why);
    }
    *ret = result != PCRE2_ERROR_NOMATCH;
    return 0;
}
