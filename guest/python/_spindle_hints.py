"""What helps with mistakes that are often made: a note on the exception that ended a build."""

import keyword
import re
import sys

_ATTRIBUTE = re.compile(r"\.\s*(%s)\s*\(" % "|".join(keyword.kwlist))


def _keyword_as_name(error):
    """`db.del(...)`: the name that is meant has an underscore behind it."""
    for match in _ATTRIBUTE.finditer(error.text or ""):
        name = match[1]
        return f"'{name}' is a keyword of Python: write .{name}_(...) for the function of that name"
    return None


def _unterminated(error):
    if "unterminated" in (error.msg or "") and "string literal" in error.msg:
        return f"the string that begins in line {error.lineno} has no closing quote: add it"
    return None


def _place(error):
    """As the developer knows the file: below the folder that was searched."""
    name = error.filename or ""
    folders = [folder + "/" for folder in sys.path if name.startswith(folder + "/")]
    return f"{name.removeprefix(max(folders, key=len, default=''))}:{error.lineno}: "


def explain(exception):
    """Adds a note with file and line, if the exception is one of those mistakes."""
    if not isinstance(exception, SyntaxError):
        return
    for find in (_keyword_as_name, _unterminated):
        hint = find(exception)
        if hint:
            exception.add_note(_place(exception) + hint)
            return
