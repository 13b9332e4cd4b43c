"""tools/deps: what it does as an ordinary user, as root, and when all is there."""

import os
import re
import stat
import subprocess
import tempfile
import unittest

import programs


def packages():
    """What tools/deps asks for besides the compiler."""
    with open(os.path.join(programs.TOOLS, "deps"), encoding="utf-8") as file:
        return re.search(r'^packages="([^"]+)"$', file.read(), re.MULTILINE)[1].split()


ALL = packages()


def compiler(version):
    return [f"clang-{version}", f"lld-{version}", f"llvm-{version}", f"clang-format-{version}",
            f"libclang-rt-{version}-dev", f"libclang-rt-{version}-dev-wasm32"]


class Deps(unittest.TestCase):
    """The system's programs are replaced by ones that say what the test wants."""

    def run_deps(self, user, installed, offered, *words):
        with tempfile.TemporaryDirectory() as folder:
            installed_lines = "\n".join(f"installed {name}, " for name in installed)
            self.program(folder, "id", f"echo {user}")
            self.program(folder, "dpkg-query", f"cat <<'END'\n{installed_lines}\nEND")
            self.program(folder, "apt-cache",
                         f'case " {" ".join(offered)} " in *" $2 "*) echo "  Candidate: 1";; esac')
            self.program(folder, "apt-get", f'echo "$*" >> {folder}/calls; '
                         'echo "Need to get 12.3 MB of archives."; '
                         'echo "After this operation, 45.6 MB of additional disk space will be used."')
            result = subprocess.run(
                [os.path.join(programs.TOOLS, "deps"), *words], text=True, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={"PATH": f"{folder}:/usr/bin:/bin"})
            calls = os.path.join(folder, "calls")
            called = ""
            if os.path.exists(calls):
                with open(calls, encoding="utf-8") as file:
                    called = file.read()
            return result.returncode, result.stdout, called

    @staticmethod
    def program(folder, name, script):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)

    def test_an_ordinary_user_is_told_the_one_command(self):
        status, said, called = self.run_deps(1000, ALL, ALL + compiler(22))
        self.assertEqual(status, 1)
        self.assertIn("sudo make -C", said)
        self.assertIn("clang-22", said)
        self.assertEqual(called, "")

    def test_root_gets_the_newest_complete_compiler(self):
        offered = ALL + compiler(19) + compiler(22)[:-1]  # 22 lacks its wasm32 runtime
        status, said, called = self.run_deps(0, ALL, offered)
        self.assertEqual(status, 0)
        self.assertIn("12.3 MB", said)
        self.assertIn("45.6 MB", said)
        last = called.strip().splitlines()[-1]
        self.assertIn("clang-19", last)
        self.assertNotIn("clang-22", last)
        self.assertIn("--no-install-recommends", last)

    def test_no_compiler_is_an_error_that_says_so(self):
        status, said, called = self.run_deps(0, ALL, ALL)
        self.assertEqual(status, 1)
        self.assertIn("no clang of 22 to 16", said)
        self.assertNotIn("install", called)

    def test_quiet_is_content_with_an_older_compiler(self):
        everything = ALL + compiler(19)
        status, said, called = self.run_deps(1000, everything, everything + compiler(22), "--quiet")
        self.assertEqual((status, said, called), (0, "", ""))

    def test_what_another_package_provides_counts(self):
        installed = [name for name in ALL if name != "pkg-config"] + compiler(22)
        installed.append("pkgconf, pkg-config (= 1.8.1)")
        status, said, _ = self.run_deps(1000, installed, [], "--quiet")
        self.assertEqual((status, said), (0, ""))


if __name__ == "__main__":
    unittest.main()
