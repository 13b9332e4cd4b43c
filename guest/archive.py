"""Packs files for the guest's VFS; the format is described in libc/vfs.h.

    python archive.py OUT [--without NAME]... PREFIX=DIR...

Files of a DIR get the guest's path PREFIX/..., regular files only. Folders called NAME are left out, wherever they are.
The same input gives the same bytes.
"""

import pathlib
import struct
import sys
import zlib

STORED, DEFLATED = 0, 1
ALWAYS_WITHOUT = {".git", ".mypy_cache"}


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def find_files(trees, without):
    """Maps the guest's paths to files; the first tree that has a path wins."""
    files = {}
    for tree in trees:
        prefix, _, directory = tree.partition("=")
        root = pathlib.Path(directory)
        for path in root.rglob("*"):
            relative = path.relative_to(root)
            if path.is_file() and without.isdisjoint(relative.parts):
                files.setdefault(f"{prefix}/{relative.as_posix()}".lstrip("/"), path)
    return files


def pack(files):
    head_size = 12 + 24 * len(files)
    head = [b"SPINVFS1", struct.pack("<I", len(files))]
    blob = bytearray()

    def put(data):
        offset = head_size + len(blob)
        blob.extend(data)
        return offset

    for path in sorted(files, key=str.encode):
        name, data = path.encode(), files[path].read_bytes()
        packed, packing = deflate(data), DEFLATED
        if len(packed) >= len(data):
            packed, packing = data, STORED
        head.append(struct.pack("<6I", put(name), len(name), put(packed), len(packed), len(data), packing))
    return b"".join(head) + blob


def main(arguments):
    out, without, trees = arguments[0], set(ALWAYS_WITHOUT), []
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--without":
            without.add(next(rest))
        else:
            trees.append(argument)
    files = find_files(trees, without)
    data = pack(files)
    pathlib.Path(out).write_bytes(data)
    print(f"{out}: {len(files)} files, {len(data)} bytes")


main(sys.argv[1:])
