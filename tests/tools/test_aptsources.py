"""tools/aptsources.py: both forms of apt's sources, the mirror and the keyring kept."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
import aptsources  # noqa: E402

ONE_LINE = """
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian bookworm main contrib
deb-src http://mirror.example/debian bookworm main # sources
deb http://mirror.example/security bookworm-security main
deb http://mirror.example/debian bookworm-updates main
deb https://other.example/apt something main
deb [trusted=yes] file:/srv/mirror trixie main
"""

DEB822 = """
Types: deb
# a comment
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/k.gpg

Types: deb
URIs: http://one.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://inline.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8B
 -----END PGP PUBLIC KEY BLOCK-----
"""


class Sources(unittest.TestCase):
    def test_one_line(self):
        entries = aptsources.parse_one_line(ONE_LINE)
        self.assertEqual([(entry.uri, entry.signed_by) for entry in entries],
                         [("http://mirror.example/debian", "/usr/share/keyrings/a.gpg"),
                          ("http://mirror.example/debian", ""),
                          ("file:/srv/mirror", "")])
        self.assertEqual(entries[2].options, {"Trusted": "yes"})

    def test_deb822(self):
        entries = aptsources.parse_deb822(DEB822)
        self.assertEqual([entry.uri for entry in entries],
                         ["http://one.example/debian", "http://two.example/debian",
                          "http://inline.example/debian"])
        self.assertEqual(entries[0].signed_by, "/usr/share/keyrings/k.gpg")
        self.assertIn("mDMEY865UxYJKwYBBAHaRw8B", entries[2].signed_by)
        self.assertIn("\n -----BEGIN", entries[2].stanza("deb", ["trixie"], "Packages"))

    def test_machine(self):
        with tempfile.TemporaryDirectory() as etc:
            os.mkdir(f"{etc}/sources.list.d")
            with open(f"{etc}/sources.list", "w", encoding="utf-8") as file:
                file.write(ONE_LINE)
            with open(f"{etc}/sources.list.d/debian.sources", "w", encoding="utf-8") as file:
                file.write(DEB822)
            keys = {entry.uri: entry.signed_by for entry in aptsources.machine_entries(etc)}
        self.assertEqual(len(keys), 5)
        self.assertEqual(keys["http://mirror.example/debian"], "/usr/share/keyrings/a.gpg")

    def test_stanza(self):
        entry = aptsources.Entry("http://m.example/debian", "/k.gpg", {})
        self.assertEqual(entry.stanza("deb-src", ["bookworm", "trixie"], "Sources"),
                         "Types: deb-src\nURIs: http://m.example/debian\n"
                         "Suites: bookworm trixie\nComponents: main\nTargets: Sources\n"
                         "Signed-By: /k.gpg\n")


if __name__ == "__main__":
    unittest.main()
