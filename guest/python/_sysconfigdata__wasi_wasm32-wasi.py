"""What `sysconfig` wants to know about how the interpreter was built, as far as it means something inside a component."""

build_time_vars = {
    "EXT_SUFFIX": ".cpython-313-wasm32-wasi.so",
    "HOST_GNU_TYPE": "wasm32-unknown-wasip2",
    "LIBDIR": "/python",
    "MACHDEP": "wasi",
    "MULTIARCH": "wasm32-wasi",
    "Py_DEBUG": 0,
    "Py_GIL_DISABLED": 0,
    "SOABI": "cpython-313-wasm32-wasi",
    "TZPATH": "",
    "VERSION": "3.13",
    "WITH_PYMALLOC": 0,
    "abs_builddir": "/python",
    "abs_srcdir": "/python",
    "exec_prefix": "/python",
    "prefix": "/python",
    "py_version_short": "3.13",
    "srcdir": "/python",
}
