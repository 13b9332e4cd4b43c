/*
 * What every cmocka test includes first.
 */
#ifndef SPINDLE_TESTS_UNIT_H
#define SPINDLE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
