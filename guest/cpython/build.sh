#!/bin/sh
# Builds CPython for wasm32-wasip2 from its source: libpython and what it needs, to be linked by guest/build.
#
#   build.sh --cpython TARBALL --zlib TARBALL --sysroot DIR --clang VERSION --out DIR [--jobs N]
#
# TARBALL is Debian's original source, checked against SHA256SUMS; DIR of --sysroot holds include/wasm32-wasip2 and
# lib/wasm32-wasip2 of wasi-libc. The output folder afterwards:
#
#   include/  lib/       headers; libpython3.13.a, libz.a and the libraries of CPython's own modules
#   host/python          the same version for this machine: compiles modules at guest/build
#   host/lib/python3.13  its library, and the guest's
set -eu
here=$(cd "$(dirname "$0")" && pwd)
jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
    --cpython) cpython=$2 ;;
    --zlib) zlib=$2 ;;
    --sysroot) sysroot=$(cd "$2" && pwd) ;;
    --clang) clang=$2 ;;
    --out) mkdir -p "$2" && out=$(cd "$2" && pwd) ;;
    --jobs) jobs=$2 ;;
    *) echo "unknown option: $1" >&2; exit 2 ;;
    esac
    shift 2
done
: "${cpython:?--cpython is missing}" "${zlib:?--zlib is missing}" "${sysroot:?--sysroot is missing}"
: "${clang:?--clang is missing}" "${out:?--out is missing}"

say() { printf 'python.wasm: %s\n' "$*"; }

# Runs a step with its output in a log, which is shown if it fails.
step() {
    name=$1; shift
    say "$name"
    if ! "$@" > "$out/log/$name.txt" 2>&1; then
        tail -n 30 "$out/log/$name.txt" >&2
        say "$name failed; the whole output is in $out/log/$name.txt" >&2
        exit 1
    fi
}

# The tarball's name may have changed on its way; what counts is its content.
check() {
    sum=$(sha256sum < "$1" | cut -d' ' -f1)
    grep -q "^$sum  $2" "$here/SHA256SUMS" || {
        say "$1 is not the source that this recipe was made for (SHA-256 $sum)" >&2
        exit 1
    }
}

target="--target=wasm32-wasip2 --sysroot=$sysroot"
CC="clang-$clang $target -fuse-ld=$(command -v "wasm-ld-$clang")"
AR=llvm-ar-$clang RANLIB=llvm-ranlib-$clang

# Overflow of pointers is what -fno-strict-overflow, which configure sets, defines too; nothing in CPython needs it, and the
# guest's speed does (loads of the form base plus constant). Clang has the option since 20.
optimise='-DNDEBUG -O2'
[ "$clang" -lt 20 ] || optimise="$optimise -fno-wrapv-pointer"

unpack() {
    rm -rf "$out/source"
    mkdir -p "$out/source/cpython" "$out/source/zlib"
    tar -xf "$cpython" -C "$out/source/cpython" --strip-components=1
    tar -xf "$zlib" -C "$out/source/zlib" --strip-components=1
    for patch in "$here"/patches/*.patch; do
        patch -d "$out/source/cpython" -p1 < "$patch"
    done
}

build_zlib() {
    objects=
    mkdir -p "$out/source/zlib/out"
    cd "$out/source/zlib"
    for part in adler32 compress crc32 deflate infback inffast inflate inftrees trees uncompr zutil; do
        $CC -O2 -DNDEBUG -DHAVE_UNISTD_H -c "$part.c" -o "out/$part.o"
        objects="$objects out/$part.o"
    done
    rm -f "$out/lib/libz.a"
    $AR rcs "$out/lib/libz.a" $objects
    cp zlib.h zconf.h "$out/include/"
}

# The build interpreter: its job is to freeze modules and to compile the standard library.
build_host() {
    mkdir -p "$out/source/cpython/host"
    cd "$out/source/cpython/host"
    MODULE_BUILDTYPE=static ../configure -q --disable-test-modules --without-ensurepip CC="clang-$clang" OPT='-DNDEBUG -O1'
    make -j"$jobs" python pybuilddir.txt
}

configure_guest() {
    mkdir -p "$out/source/cpython/guest"
    cd "$out/source/cpython/guest"
    # PKG_CONFIG_LIBDIR: else configure finds libraries of this machine.
    env PKG_CONFIG_LIBDIR=/nonexistent CC="$CC" AR="$AR" RANLIB="$RANLIB" OPT="$optimise" \
        ZLIB_CFLAGS="-I$out/include" ZLIB_LIBS="-L$out/lib -lz" \
        CONFIG_SITE=../Tools/wasm/config.site-wasm32-wasi \
        ../configure -q --host=wasm32-unknown-wasip2 --build="$(../config.guess)" \
        --with-build-python="$out/source/cpython/host/python" --disable-test-modules --without-ensurepip --enable-ipv6
    grep -q '^MODULE_ZLIB_STATE=yes' Makefile || { echo 'configure did not find zlib'; exit 1; }
}

guest_archives='libpython3.13.a Modules/_hacl/libHacl_Hash_SHA2.a Modules/_decimal/libmpdec/libmpdec.a Modules/expat/libexpat.a'

build_guest() {
    cd "$out/source/cpython/guest"
    make -j"$jobs" $guest_archives
}

collect() {
    cd "$out/source/cpython"
    for archive in $guest_archives; do
        cp "guest/$archive" "$out/lib/"
    done
    rm -rf "$out/host"
    # Without lib-dynload the interpreter says at each start that it misses it.
    mkdir -p "$out/include/python" "$out/host/lib/python3.13/lib-dynload"
    cp -R Include/. guest/pyconfig.h "$out/include/python/"
    cp -R Lib/. "$out/host/lib/python3.13"
    cp LICENSE "$out/LICENSE.cpython"
    cp host/python "$out/host/python"
}

check "$cpython" python
check "$zlib" zlib
mkdir -p "$out/log" "$out/lib" "$out/include"
step '1-unpack' unpack
step '2-zlib' build_zlib
step '3-build-interpreter' build_host
step '4-configure' configure_guest
step '5-libpython' build_guest
step '6-collect' collect
rm -rf "$out/source"
say "CPython is in $out"
