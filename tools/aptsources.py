"""
Fetching packages of another Debian release by way of a private apt configuration, which is derived
from the machine's own: same mirror, same keyring, nothing of the machine's own state is touched.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess

# What follows a release's name in suites that hold only part of the archive.
PARTIAL = re.compile(r"(-|/)(security|updates|backports|backports-sloppy|proposed-updates)\b")
RELEASES = {"bookworm", "trixie", "forky", "sid", "stable", "oldstable", "testing", "unstable"}


class Entry:
    """One archive of the machine: where it is and how it is verified."""

    def __init__(self, uri, signed_by, options):
        self.uri = uri
        self.signed_by = signed_by  # a keyring's path, or an inline key, or ""
        self.options = options      # further options in the spelling of deb822

    def stanza(self, types, suites, target):
        lines = [f"Types: {types}", f"URIs: {self.uri}", f"Suites: {' '.join(suites)}",
                 "Components: main", f"Targets: {target}"]
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        lines += [f"{name}: {value}" for name, value in self.options.items()]
        return "\n".join(lines) + "\n"


def wanted(suites, components):
    return "main" in components and any(
        suite in RELEASES and not PARTIAL.search(suite) for suite in suites)


def parse_one_line(text):
    """The form of sources.list: deb [option=value ...] uri suite component ..."""
    entries = []
    for line in text.splitlines():
        match = re.match(r"\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if not match or not wanted([match[3]], match[4].split()):
            continue
        options = dict(word.partition("=")[::2] for word in (match[1] or "").split())
        kept = {"Trusted": options["trusted"]} if "trusted" in options else {}
        entries.append(Entry(match[2], options.get("signed-by", ""), kept))
    return entries


def fields_of(stanza):
    """deb822: 'Name: value', continued by lines that start with white space; '#' comments."""
    fields, name = {}, None
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1] in " \t" and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, value = line.split(":", 1)
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def parse_deb822(text):
    """The form of *.sources."""
    entries = []
    for stanza in re.split(r"\n(?:[ \t]*\n)+", text):
        fields = fields_of(stanza)
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if not wanted(fields.get("suites", "").split(), fields.get("components", "").split()):
            continue
        kept = {"Trusted": fields["trusted"]} if "trusted" in fields else {}
        for uri in fields.get("uris", "").split():
            entries.append(Entry(uri, fields.get("signed-by", ""), kept))
    return entries


def machine_entries(etc="/etc/apt"):
    """The Debian archives of this machine, without repeats."""
    entries = []
    for path in [f"{etc}/sources.list", *sorted(glob.glob(f"{etc}/sources.list.d/*.list"))]:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                entries += parse_one_line(file.read())
    for path in sorted(glob.glob(f"{etc}/sources.list.d/*.sources")):
        with open(path, encoding="utf-8") as file:
            entries += parse_deb822(file.read())
    kept = {}
    for entry in entries:
        if entry.uri not in kept or (entry.signed_by and not kept[entry.uri].signed_by):
            kept[entry.uri] = entry
    return list(kept.values())


class PrivateApt:
    """apt with lists and cache of its own, in a folder that `close` removes."""

    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("lists/partial", "cache/archives/partial", "parts"):
            os.makedirs(os.path.join(self.folder, part))
        self.ready = None

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, words, cwd=None):
        """Returns what went wrong, or ''."""
        line = ["apt-get", "-q",
                "-o", "Dir::Etc::sourcelist=/dev/null",
                "-o", f"Dir::Etc::sourceparts={self.folder}/parts",
                "-o", f"Dir::State::lists={self.folder}/lists",
                "-o", f"Dir::Cache={self.folder}/cache",
                "-o", f"APT::Sandbox::User={'root' if os.geteuid() == 0 else ''}",
                "-o", "Acquire::Languages=none", *words]
        result = subprocess.run(line, cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        lines = [text for text in result.stdout.splitlines() if text.startswith(("E:", "W:"))]
        return "" if result.returncode == 0 else (lines or [shlex.join(line)])[0]

    def update(self, releases):
        if self.ready is not None:
            return self.ready
        entries = machine_entries()
        if not entries:
            self.ready = "this machine has no Debian archive among its package sources"
            return self.ready
        with open(f"{self.folder}/parts/private.sources", "w", encoding="utf-8") as file:
            file.write("\n".join(
                entry.stanza(types, releases, target) for entry in entries
                for types, target in (("deb", "Packages"), ("deb-src", "Sources"))))
        self.ready = self.run(["update"])
        return self.ready

    def fetch(self, package, release, is_source, into):
        """Downloads to the folder `into`; what matters is whether the file wanted has arrived."""
        what = f"{package}/{release}"
        if is_source:
            return self.run(["source", "--download-only", "--tar-only", what], cwd=into)
        return self.run(["download", what], cwd=into)
