"""Imported by a handler only, so its file has to be in the component."""

touched = False


def answer() -> int:
    return 42
