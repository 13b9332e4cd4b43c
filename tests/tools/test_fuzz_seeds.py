"""fuzz/seeds.py: what it reads out of files, and that no target was forgotten."""

import pathlib
import re
import sys
import tempfile
import unittest

FUZZ = pathlib.Path(__file__).resolve().parents[2] / "fuzz"
sys.path.insert(0, str(FUZZ))

import seeds  # noqa: E402


def read(name, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.write_bytes(text)
        return list(seeds.seeds_of_file(path))


class Files(unittest.TestCase):
    def test_c(self):
        self.assertEqual(read("a.c", rb'f("one", "t\"w\x6f\n"' + b'\n  "...");'),
                         [b"one", b't"wo\n...'])
        self.assertEqual(read("a.c", '"é\\xff"'.encode()), ["é".encode() + b"\xff"])

    def test_python(self):
        self.assertEqual(read("a.py", b"a = 'x' + f(b'\\xff\\r\\n')"), [b"x", b"\xff\r\n"])

    def test_toml(self):
        text = b'a = "x"\nb = [{c = "y"}]\n'
        self.assertEqual(read("a.toml", text), [text, b"x", b"y"])
        self.assertEqual(read("a.toml", b"no ="), [b"no ="])

    def test_others(self):
        self.assertEqual(read("a.wit", b"package a:b;"), [b"package a:b;"])


class Targets(unittest.TestCase):
    def test_each_is_listed(self):
        names = {path.stem for path in (FUZZ / "targets").glob("*.c")}
        listed = re.findall(r"^fuzz_target\((\w+) ", (FUZZ / "CMakeLists.txt").read_text(),
                            re.MULTILINE)
        self.assertEqual(names, set(seeds.SOURCES))
        self.assertEqual(names, set(listed))

    def test_folders_are_of_targets(self):
        for folder in ("seeds", "regression"):
            for path in (FUZZ / folder).iterdir():
                self.assertIn(path.name, seeds.SOURCES)
        for path in (FUZZ / "dictionaries").iterdir():
            self.assertIn(path.stem, seeds.SOURCES)

    def test_sources_exist(self):
        for target, sources in seeds.SOURCES.items():
            for source in sources:
                if not source.startswith(str(seeds.SUITES)):
                    self.assertTrue(list(seeds.ROOT.glob(source)), f"{target}: {source}")

    def test_pairs(self):
        found = seeds.of_target("glob")
        self.assertIn(b"[a-c]x\ncx", found)
        self.assertIn(b"cx\n[a-c]x", found)

    def test_archives(self):
        self.assertEqual(len(seeds.of_target("archive")), 12)


if __name__ == "__main__":
    unittest.main()
