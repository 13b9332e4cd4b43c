#ifndef SPINDLE_TESTS_CONFORMANCE_MUTATE_H
#define SPINDLE_TESTS_CONFORMANCE_MUTATE_H

/* Tries `rounds` changed copies of each component beside the script. Prints the script, and how
 * many were refused and accepted. */
int mutate_folder(const char *script, unsigned rounds);

#endif
