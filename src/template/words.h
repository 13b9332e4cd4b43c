/*
 * Names in other cases: "My first-app", "myFirstApp" and "my_first_app" are the words my, first,
 * app.
 *
 * A word ends at what is neither letter nor digit, between a small letter and a capital, and before
 * the last of several capitals that a small letter follows ("HTTPServer": http, server). Letters
 * outside of ASCII belong to words and have no case.
 */
#ifndef SPINDLE_TEMPLATE_WORDS_H
#define SPINDLE_TEMPLATE_WORDS_H

#include "base/buf.h"

void words_append_kebab(struct str name, struct buf *out);  /* my-first-app */
void words_append_snake(struct str name, struct buf *out);  /* my_first_app */
void words_append_pascal(struct str name, struct buf *out); /* MyFirstApp */

#endif
