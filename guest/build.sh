#!/bin/sh
# Builds what runs inside a component: python.wasm (a core module) and python.vfs (its embedded files).
#
#   build.sh --cpython DIR --deadlib TARBALL --sysroot DIR --clang VERSION --build DIR --out DIR
#
#   --cpython   output folder of cpython/build.sh
#   --deadlib   source of python-deadlib: modules of the standard library that CPython 3.13 no longer has
#   --sysroot   wasi-libc: include/wasm32-wasip2 and lib/wasm32-wasip2
#   --build     this project's own build folder: tools/witc/witc and bin/componentize-py write C and Python from wit/
#   --out       gets python.wasm and python.vfs, and a folder of intermediate files
set -eu
here=$(cd "$(dirname "$0")" && pwd)
while [ $# -gt 0 ]; do
    case $1 in
    --cpython) cpython=$(cd "$2" && pwd) ;;
    --deadlib) deadlib=$2 ;;
    --sysroot) sysroot=$(cd "$2" && pwd) ;;
    --clang) clang=$2 ;;
    --build) build=$(cd "$2" && pwd) ;;
    --out) mkdir -p "$2" && out=$(cd "$2" && pwd) ;;
    *) echo "unknown option: $1" >&2; exit 2 ;;
    esac
    shift 2
done
: "${cpython:?--cpython is missing}" "${sysroot:?--sysroot is missing}" "${clang:?--clang is missing}"
: "${build:?--build is missing}" "${out:?--out is missing}" "${deadlib:?--deadlib is missing}"

work=$out/guest
wit=$here/../wit
mkdir -p "$work/objects" "$work/table"

# Interfaces that the C code of libc/ and runtime/ calls.
direct='wasi:cli/environment@0.2.0 wasi:cli/exit@0.2.0 wasi:cli/stderr@0.2.0 wasi:cli/stdin@0.2.0
    wasi:cli/stdout@0.2.0 wasi:clocks/monotonic-clock@0.2.0 wasi:clocks/wall-clock@0.2.0
    wasi:filesystem/preopens@0.2.0 wasi:filesystem/types@0.2.0 wasi:http/types@0.2.0 wasi:io/error@0.2.0
    wasi:io/poll@0.2.0 wasi:io/streams@0.2.0 wasi:random/random@0.2.0'
# Interfaces that Python modules call through the generic binding.
bound='wasi:clocks/monotonic-clock@0.2.0 wasi:http/outgoing-handler@0.2.0 wasi:http/types@0.2.0
    wasi:io/error@0.2.0 wasi:io/poll@0.2.0 wasi:io/streams@0.2.0'

"$build/tools/witc/witc" guest -o "$work" "$wit" $direct
"$build/tools/witc/witc" guest -o "$work/table" "$wit" $bound

target="--target=wasm32-wasip2 --sysroot=$sysroot"
warnings='-Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Werror'
include="-I$here -I$cpython/include -isystem $cpython/include/python"

# CPython's internal headers are for seal.c alone; malloc must not be made of calls to itself.
extra_flags() {
    case $1 in
    */runtime/seal.c) echo "-DPy_BUILD_CORE -isystem $cpython/include/python/internal -isystem $cpython/include/python/internal/mimalloc" ;;
    */heap.c) echo "-fno-builtin" ;;
    */guest_imports.c) echo "-I$work/table" ;;
    esac
}

objects=
for source in "$here"/heap.c "$here"/libc/*.c "$here"/runtime/*.c "$work"/table/guest_imports.c; do
    object=$work/objects/$(basename "$(dirname "$source")")-$(basename "$source" .c).o
    clang-"$clang" $target -std=gnu11 -O2 -DNDEBUG $warnings $(extra_flags "$source") -I"$work" $include \
        -c "$source" -o "$object"
    objects="$objects $object"
done

clang-"$clang" $target -fuse-ld="$(command -v wasm-ld-"$clang")" -mexec-model=reactor -o "$out/python.wasm" $objects \
    "$cpython"/lib/*.a -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -ldl -lm \
    -Wl,--stack-first -Wl,-z,stack-size=8388608 -Wl,--gc-sections -Wl,--strip-all

stdlib=$cpython/host/lib/python3.13
rm -rf "$work/bundled" "$work/bytecode" "$work/generated" "$work/deadlib" "$work/removed"
mkdir -p "$work/bundled" "$work/deadlib" "$work/removed"
tar -xf "$deadlib" -C "$work/deadlib" --strip-components=1
for module in aifc cgi cgitb chunk crypt imghdr mailcap nntplib pipes sndhdr sunau telnetlib uu xdrlib; do
    cp -R "$work/deadlib/$module/$module" "$work/removed/"
done
cp -R "$here/../sdk/python/spin_sdk" "$work/bundled/"
"$build/bin/componentize-py" -w spin-all --world-module spin_sdk.wit bindings "$work/generated"
cp -R "$work/generated/spin_sdk/wit" "$work/bundled/spin_sdk/"
"$cpython/host/python" -B "$here/compile.py" "$work/bytecode" "$here/compiled-modules.txt" \
    "bundled=$work/bundled" "python=$here/python" "python=$stdlib"
python3 "$here/archive.py" "$out/python.vfs" --without test --without tests --without idlelib --without tkinter \
    --without turtledemo --without ensurepip --without lib-dynload --without __phello__ \
    "python=$here/python" "python=$stdlib" "python=$work/removed" "=$work/bytecode" "bundled=$work/bundled"
