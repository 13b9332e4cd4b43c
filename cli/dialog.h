/*
 * What the commands that use templates share: questions on the terminal, lists of values.
 */
#ifndef SPINDLE_CLI_DIALOG_H
#define SPINDLE_CLI_DIALOG_H

#include "cli/command.h"
#include "template/create.h"

/* NULL when nobody is there: standard input or standard error is no terminal. */
const struct template_dialog *cli_dialog(void);
/* The values of an option that may be repeated. */
struct template_strings cli_strings(struct arena *a, const struct cli_values *values);

#endif
