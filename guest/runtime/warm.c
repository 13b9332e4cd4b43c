#include "runtime.h"
void warm_modules(PyObject *app) {}
void warm_requests(void) {}
bool seal_interpreter(void) {return true;}
PyObject *PyInit__spindle(void) {return 0;}
bool raw_bind(void){return true;}
void raw_handle(uint32_t request, uint32_t outparam){}
