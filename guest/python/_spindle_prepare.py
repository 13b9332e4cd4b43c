"""Prepares an application while its component is built; never runs in a request.

What a request does for the first time it does again in every request, since its memory is thrown away. So what can be
foreseen is done here: imports inside of functions, patterns of regular expressions, the start of well-known libraries.
And what an import inside of a function will read is embedded.
"""

import ast
import importlib
import importlib.machinery
import io
import os
import re
import sys
import traceback

import _spindle

# libc/file.c gives embedded files and directories this time.
_EMBEDDED_TIME = 315532800.0
_SOURCE_LIMIT = 1 << 20
# Files beside modules: what is larger is no part of a program, and a component must stay small enough to be sent around.
_DATA_FILE_LIMIT = 16 << 20
_DATA_LIMIT = 64 << 20
_BUNDLED = ("/python",)
_PROVIDED = ("/bundled", "/world")
_WITH_EFFECTS = {"antigravity", "this"}
# Never embedded: what tools make and read, code for other machines, and keys.
_IGNORED_FOLDERS = {"__pycache__", "node_modules"}
_IGNORED_ENDINGS = (
    ".a .cwasm .dll .dylib .egg .exe .key .lib .lock .log .o .obj .p12 .pem .pyc .pyd .pyi .pyo .so .wasm .whl".split()
)
_IGNORED_NAMES = re.compile(r"spin\.toml|runtime-config.*\.toml|requirements.*\.txt|Pipfile|Makefile|Dockerfile")
_PATTERN_FUNCTIONS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
_PATTERN_CALL = re.compile(rb"\bre\.(?:%s)\(" % b"|".join(name.encode() for name in sorted(_PATTERN_FUNCTIONS)))
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([\w., \t]+))", re.M
)


class Source:
    """What is to be known of a file of the application."""

    def __init__(self, data):
        self.imports = _imported_names(data)
        self.patterns = []  # constant patterns, with flags, of calls such as re.match("...", text, re.I)
        self.uses_strptime = b"strptime" in data
        if _PATTERN_CALL.search(data):
            for node in ast.walk(_parse(data)):
                if isinstance(node, ast.Call) and _is_pattern_call(node):
                    self.patterns.append((node.args[0].value, _pattern_flags(node)))


def _imported_names(data):
    """The set of full names of modules that import statements anywhere in the file may mean.

    Text is searched, since parsing every file of large packages would take long; a name too many does no harm.
    """
    found = set()
    for match in _IMPORT.finditer(data):
        module, names, modules = (group.decode("utf-8", "replace") if group else "" for group in match.groups())
        found.add(module)
        found.update(part.partition(" as ")[0].strip() for part in modules.split(","))
        found.update(f"{module}.{part.partition(' as ')[0].strip()}" for part in names.strip("()").split(","))
    return {name for name in found if name.strip(".")}


def _is_pattern_call(call):
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in _PATTERN_FUNCTIONS
        and bool(call.args)
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, (str, bytes))
    )


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _parse(data):
    """The file's syntax tree; an empty one if it is no Python, or so large that it is data."""
    try:
        return ast.parse(data if len(data) <= _SOURCE_LIMIT else b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _pattern_flags(call):
    """The flags that the call is written with, as far as they are constants of re."""
    flags = 0
    arguments = call.args[1:] + [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    for argument in arguments:
        for node in ast.walk(argument):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
                flag = getattr(re, node.attr, 0)
                if isinstance(flag, re.RegexFlag):
                    flags |= flag
    return flags


def _files(directory):
    """Files under a directory that a program may read, without what belongs to a virtual environment or to nobody."""
    found = []
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return found
    if any(entry.name == "pyvenv.cfg" for entry in entries):
        return found
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _IGNORED_FOLDERS:
            continue
        if entry.is_dir():
            found += _files(entry.path)
        elif not entry.name.endswith(tuple(_IGNORED_ENDINGS)) and not _IGNORED_NAMES.fullmatch(entry.name):
            found.append(entry.path)
    return found


def _is_installed(directory):
    """Whether a directory of sys.path is one that packages are installed to: then only what is used is embedded."""
    try:
        return any(name.endswith((".dist-info", ".egg-info")) for name in os.listdir(directory))
    except OSError:
        return False


def _package_files(directories, name):
    """Files of the package or module of that top-level name: all of it, since its own imports may be of any form."""
    for directory in directories:
        package = f"{directory}/{name}"
        if os.path.isdir(package):
            return _files(package)
        if os.path.isfile(package + ".py"):
            return [package + ".py"]
    return []


def _embed(path):
    data = _read(path)
    _spindle.embed(path.lstrip("/"), data)
    return data


class _Data:
    """Embeds files beside modules, up to a limit."""

    def __init__(self):
        self.size = 0
        self.largest = (0, "")

    def embed(self, path):
        size = os.stat(path).st_size
        if size > _DATA_FILE_LIMIT:
            return
        self.size += size
        self.largest = max(self.largest, (size, path))
        if self.size > _DATA_LIMIT:
            raise ValueError(
                f"there are more than {_DATA_LIMIT >> 20} MiB of files beside the modules, '{self.largest[1]}' is the "
                "largest: move what the application does not read elsewhere, or give the folder of its modules with -p"
            )
        _embed(path)

    def embed_all(self, paths):
        """Embeds data; returns the contents of modules."""
        modules = []
        for path in paths:
            if path.endswith(".py"):
                modules.append(_embed(path))
            else:
                self.embed(path)
        return modules


def _provided():
    """Top-level names of modules that are there in any case: the SDK's and the world's."""
    return {name.removesuffix(".py") for folder in _PROVIDED for name in _spindle.embedded_names(folder.strip("/"))}


def _embed_all(directories, provided):
    """Embeds the application and the packages that it can import.

    Returns the application's files, and the full names that import statements in all of this mean.
    """
    own, installed = [], []
    for directory in directories:
        (installed if _is_installed(directory) else own).append(directory)
    data = _Data()
    application = [Source(text) for directory in own for text in data.embed_all(_files(directory))]
    mentioned = set().union(*(source.imports for source in application))
    seen = provided | sys.stdlib_module_names
    names = {name.partition(".")[0] for name in mentioned.union(sys.modules)}
    while names:
        name = min(names)
        names.remove(name)
        if not name or name in seen:
            continue
        seen.add(name)
        for text in data.embed_all(_package_files(installed, name)):
            found = _imported_names(text)
            mentioned |= found
            names.update(full.partition(".")[0] for full in found)
    return application, mentioned


def _import_quietly(name):
    try:
        importlib.import_module(name)
    except BaseException:  # it may not exist here, or be guarded by the application
        pass


def _import_late(application):
    """Imports the modules of the standard library that the application's functions would import."""
    for source in application:
        for name in sorted(source.imports):
            if name.partition(".")[0] in sys.stdlib_module_names - _WITH_EFFECTS:
                _import_quietly(name)
        if source.uses_strptime:
            _import_quietly("_strptime")


def _import_provided(mentioned, provided):
    """Imports the SDK's and the world's modules that any code may import.

    What is not imported by now is left out of the component, with the functions of the host behind it.
    """
    for name in sorted(mentioned):
        if name.partition(".")[0] in provided:
            _import_quietly(name)


def _compile_patterns(application):
    for source in application:
        for pattern, flags in source.patterns:
            try:
                re.compile(pattern, flags)
            except re.error:
                pass


def _use_json(json):
    text = json.dumps({"name": "x", "list": [1, 2.5, None, True], "inner": {"a": "b\n\u00e9"}}, indent=1)
    json.loads(json.dumps(json.loads(text)))


def _use_urls(parse):
    parse.parse_qs(parse.urlsplit("http://host:80/path?a=1&b=%20c#d").query)
    parse.unquote(parse.quote("a b/\u00e9"))
    parse.urlencode({"a": 1, "b": "c d"})


def _use_datetime(datetime):
    now = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    datetime.datetime.fromisoformat(now.isoformat())
    now.strftime("%Y-%m-%d %H:%M:%S")


def _use_strptime(strptime):
    strptime._strptime_datetime(sys.modules["datetime"].datetime, "2024-01-02", "%Y-%m-%d")


def _use_base64(base64):
    base64.b64decode(base64.b64encode(b"text"))


def _use_hashlib(hashlib):
    hashlib.sha256(b"text").hexdigest()


def _use_logging(logging):
    logging.getLogger("x").debug("%s", 1)


def _use_traceback(_):
    """The first traceback costs most: modules, the source's lines, the interpreter's caches."""
    try:
        raise ValueError("x")
    except ValueError as error:
        text = io.StringIO()
        traceback.print_exception(error, file=text)


_LIBRARIES = {
    "_strptime": _use_strptime,
    "base64": _use_base64,
    "datetime": _use_datetime,
    "hashlib": _use_hashlib,
    "json": _use_json,
    "logging": _use_logging,
    "traceback": _use_traceback,
    "urllib.parse": _use_urls,
}


def _use_libraries():
    """Runs what is used most of the loaded libraries, often enough for the interpreter to adapt their code."""
    for name, use in _LIBRARIES.items():
        module = sys.modules.get(name)
        for _ in range(20 if module else 0):
            try:
                use(module)
            except Exception:  # the application may have changed the module
                break


def _settle_finders():
    """Lets the import system know directories as they will be at run time: embedded only, never changing."""
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, importlib.machinery.FileFinder):
            finder._path_cache = set(_spindle.embedded_names(path.strip("/")))
            finder._path_mtime = _EMBEDDED_TIME


def _discard_bytecode():
    """What is imported is not read again: its bytecode would only make the component larger."""
    for module in list(sys.modules.values()):
        cached = getattr(module, "__cached__", None)
        if isinstance(cached, str):
            _spindle.discard(cached.lstrip("/"))


def _reset_generators():
    """A pending normal deviate would be the same in every request."""
    import gc

    random = sys.modules.get("random")
    if random is not None:
        for found in gc.get_objects():
            if isinstance(found, random.Random) and getattr(found, "gauss_next", None) is not None:
                found.gauss_next = None


def prepare(app):
    """Prepares the application, which has been imported."""
    provided = _provided()
    directories = [path for path in sys.path if path not in _BUNDLED + _PROVIDED]
    application, mentioned = _embed_all(directories, provided)
    _import_late(application)
    _import_provided(mentioned, provided)
    _compile_patterns(application)
    warm_up = getattr(app, "warm_up", None)
    if warm_up is not None:
        warm_up()
    _use_libraries()
    _reset_generators()


def send_requests():
    """Sends requests to a host that is not there, which answers all of them."""
    http = sys.modules.get("spin_sdk.http")
    for _ in range(20 if http else 0):
        try:
            http.send(http.Request("GET", "http://localhost/", {}, None))
        except Exception:  # the application may have changed the module
            break


def finish():
    """The last step: what is imported after it comes from embedded files."""
    _discard_bytecode()
    _settle_finders()
    del sys.modules[__name__]
