"""tools/bootstrap: what it says when a source package is out of reach, and local files."""

import contextlib
import hashlib
import io
import os
import tempfile
import unittest
from unittest import mock

import programs

bootstrap = programs.load("bootstrap")


class Sources(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        environment = mock.patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        for source in bootstrap.SOURCES:
            os.environ.pop(source.variable, None)
        self.use(mock.patch.object(bootstrap, "CACHE", os.path.join(self.folder, "cache")))
        self.use(mock.patch.object(bootstrap, "RELEASE", os.path.join(self.folder, "build")))

    def use(self, patch):
        patch.start()
        self.addCleanup(patch.stop)

    def local_file(self, content):
        path = os.path.join(self.folder, "local")
        with open(path, "wb") as file:
            file.write(content)
        return path

    def failure_of(self, action):
        """What it prints before it exits."""
        output = io.StringIO()
        with contextlib.redirect_stderr(output), contextlib.redirect_stdout(io.StringIO()):
            with self.assertRaises(SystemExit):
                action()
        return output.getvalue()

    def test_a_package_out_of_reach_is_named_with_its_variable(self):
        with mock.patch.object(bootstrap.aptsources, "machine_entries", return_value=[]):
            said = self.failure_of(lambda: bootstrap.fetch_sources(bootstrap.missing_sources()))
        for part in ("'python3.13'", "make CPYTHON_TARBALL=", bootstrap.SOURCES[0].sha256):
            self.assertIn(part, said)

    def test_another_file_is_refused(self):
        os.environ["ZLIB_TARBALL"] = self.local_file(b"something else")
        said = self.failure_of(bootstrap.missing_sources)
        self.assertIn("ZLIB_TARBALL", said)
        self.assertIn(hashlib.sha256(b"something else").hexdigest(), said)

    def test_a_file_that_is_not_there_is_refused(self):
        os.environ["WASI_LIBC_DEB"] = os.path.join(self.folder, "absent")
        self.assertIn("WASI_LIBC_DEB", self.failure_of(bootstrap.missing_sources))

    def test_the_right_file_is_taken(self):
        os.environ["LLHTTP_DEB"] = self.local_file(b"llhttp")
        with mock.patch.object(bootstrap.SOURCES[3], "sha256", hashlib.sha256(b"llhttp").hexdigest()):
            missing = bootstrap.missing_sources()
        self.assertEqual([source.variable for source in missing],
                         ["CPYTHON_TARBALL", "WASI_LIBC_DEB", "ZLIB_TARBALL", "DEADLIB_TARBALL"])

    def test_a_broken_download_is_not_kept(self):
        path = bootstrap.source_path(bootstrap.SOURCES[0])
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(b"half")
        self.assertIn(bootstrap.SOURCES[0], bootstrap.missing_sources())
        self.assertFalse(os.path.exists(path))


class Recipes(unittest.TestCase):
    def test_the_key_follows_names_and_contents(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("a", "b")]
            digests = set()
            for contents in (("1", "2"), ("2", "1"), ("1", "1")):
                for path, content in zip(paths, contents):
                    bootstrap.write_text(path, content)
                digests.add(bootstrap.digest_of_files(paths))
        self.assertEqual(len(digests), 3)

    def test_what_failed_is_not_kept(self):
        with tempfile.TemporaryDirectory() as cache, mock.patch.object(bootstrap, "CACHE", cache):
            def fail(folder):
                bootstrap.write_text(os.path.join(folder, "half"), "")
                raise SystemExit(1)
            with self.assertRaises(SystemExit):
                bootstrap.keep("kind", "recipe", fail)
            self.assertEqual(os.listdir(os.path.join(cache, "build")), [])
            bootstrap.keep("kind", "recipe",
                           lambda folder: bootstrap.write_text(os.path.join(folder, "whole"), ""))
            self.assertEqual(os.listdir(bootstrap.cached("kind", "recipe")), ["whole"])


if __name__ == "__main__":
    unittest.main()
