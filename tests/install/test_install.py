"""Installs into a folder, makes and serves an application from there, uninstalls.

    test_install.py BUILD-FOLDER
"""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(sys.argv.pop(1))


def files_under(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


class Install(unittest.TestCase):
    def run_checked(self, *words, **options):
        result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False, **options)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def test_an_installed_program_needs_no_clone(self):
        with tempfile.TemporaryDirectory() as folder:
            prefix = os.path.join(folder, "prefix")
            self.run_checked("cmake", "--install", BUILD, "--prefix", prefix)
            installed = files_under(prefix)
            for name in ("bin/spin", "bin/componentize-py", "lib/spindle/python.wasm",
                         "lib/spindle/python.vfs"):
                self.assertIn(name, installed)
            self.assertTrue(any(name.startswith("lib/spindle/code/") for name in installed))
            home = os.path.join(folder, "home")  # with an empty cache
            os.mkdir(home)
            said = self.run_checked(
                os.path.join(ROOT, "tools", "demo"), os.path.join(prefix, "bin"),
                os.path.join(folder, "demo"), cwd=folder,
                env={"PATH": "/usr/bin:/bin", "HOME": home})
            self.assertIn("Hello from Python!", said)
            for path in installed:  # nothing points back into the clone
                with open(os.path.join(prefix, path), "rb") as file:
                    if not path.startswith("bin/"):
                        self.assertNotIn(BUILD.encode(), file.read(), path)
            self.run_checked("make", "-C", ROOT, "uninstall", f"PREFIX={prefix}")
            self.assertEqual(files_under(prefix), [])


if __name__ == "__main__":
    unittest.main()
