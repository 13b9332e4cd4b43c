#include "cli/dialog.h"

#include <unistd.h>

#include "base/limits.h"

/* A line from standard input, trimmed. */
static int read_answer(struct arena *a, const char *prompt, struct str *ret, struct error *err)
{
    char *line = NULL;
    size_t size = 0;
    fflush(stdout);
    ssize_t len = getline(&line, &size, stdin);
    if (len >= 0 && (size_t)len <= LIMIT_TEXT_FILE_BYTES)
        *ret = arena_copy(a, str_trim(str_make(line, (size_t)len)));
    free(line);
    if (len < 0) {
        fputc('\n', stderr);
        return error_set(err, ERROR_INVALID, "there is no answer to '%s'", prompt);
    }
    if ((size_t)len > LIMIT_TEXT_FILE_BYTES)
        return error_set(err, ERROR_LIMIT, "the answer to '%s' is too long", prompt);
    return 0;
}

static int ask(struct arena *a, const char *prompt, const struct str *otherwise,
    struct str *ret_answer, struct error *err)
{
    if (otherwise && otherwise->len)
        fprintf(stderr, "%s [%" STR_FMT "]: ", prompt, STR_ARG(*otherwise));
    else
        fprintf(stderr, "%s: ", prompt);
    if (read_answer(a, prompt, ret_answer, err) < 0)
        return -1;
    if (!ret_answer->len && otherwise)
        *ret_answer = *otherwise;
    return 0;
}

/* By number or by id. */
static bool find_item(const struct template_listing *items, struct str answer, size_t *ret)
{
    uint64_t number;
    if (str_to_u64(answer, &number) && number >= 1 && number <= items->count) {
        *ret = (size_t)number - 1;
        return true;
    }
    for (*ret = 0; *ret < items->count; ++*ret)
        if (str_equal(items->items[*ret].id, answer))
            return true;
    return false;
}

static int choose(struct arena *a, const char *prompt, const struct template_listing *items,
    size_t *ret_index, struct error *err)
{
    const struct str first = STR("1");
    fprintf(stderr, "%s:\n", prompt);
    for (size_t i = 0; i < items->count; i++)
        fprintf(stderr, "  %zu. %" STR_FMT " (%" STR_FMT ")\n", i + 1, STR_ARG(items->items[i].id),
            STR_ARG(items->items[i].description));
    for (;;) {
        struct str answer;
        if (ask(a, "Number or name", &first, &answer, err) < 0)
            return -1;
        if (find_item(items, answer, ret_index))
            return 0;
    }
}

static int confirm(struct arena *a, const char *question, bool *ret_yes, struct error *err)
{
    fprintf(stderr, "%s [y/N]: ", question);
    struct str answer;
    if (read_answer(a, question, &answer, err) < 0)
        return -1;
    *ret_yes = str_equal_ignore_case(answer, STR("y")) || str_equal_ignore_case(answer, STR("yes"));
    return 0;
}

static void complain(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

const struct template_dialog *cli_dialog(void)
{
    static const struct template_dialog dialog = {
        .choose = choose, .ask = ask, .confirm = confirm, .complain = complain};
    return isatty(STDERR_FILENO) && isatty(STDIN_FILENO) ? &dialog : NULL;
}

struct template_strings cli_strings(struct arena *a, const struct cli_values *values)
{
    struct str *items = arena_alloc(a, (values->count + 1) * sizeof *items);
    for (size_t i = 0; i < values->count; i++)
        items[i] = str_of(values->items[i]);
    return (struct template_strings){.count = values->count, .items = items};
}
