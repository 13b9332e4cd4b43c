"""tools/run-tests: how the summaries of test programs are read."""

import unittest
import xml.etree.ElementTree as xml

import programs

run_tests = programs.load("run-tests")


def case(status, output, skipped=""):
    element = xml.Element("testcase", name="x", status=status)
    xml.SubElement(element, "system-out").text = output
    if skipped:
        xml.SubElement(element, "skipped", message=skipped)
    return run_tests.count(element)


class Counts(unittest.TestCase):
    def test_own_line(self):
        self.assertEqual(case("run", "a: 1 passed, 0 failed, 0 skipped\nall: 25 passed, 0 failed, 3 skipped\n"),
                         (25, 0, 3))

    def test_cmocka(self):
        text = ("[==========] 4 test(s) run.\n[  PASSED  ] 3 test(s).\n"
                "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] name\n")
        self.assertEqual(case("fail", text), (3, 1, 0))

    def test_pytest(self):
        self.assertEqual(case("run", "==== 3 passed, 2 skipped in 0.51s ====\n"), (3, 0, 2))
        self.assertEqual(case("fail", "1 failed, 3 passed, 1 error in 2.5s\n"), (3, 2, 0))

    def test_unittest(self):
        self.assertEqual(case("run", "Ran 4 tests in 0.002s\n\nOK (skipped=1)\n"), (3, 0, 1))
        self.assertEqual(case("fail", "Ran 4 tests in 0.0s\n\nFAILED (failures=1, errors=1)\n"),
                         (2, 2, 0))

    def test_programs_without_a_summary(self):
        self.assertEqual(case("run", "check: fine\n"), (1, 0, 0))
        self.assertEqual(case("fail", "died"), (0, 1, 0))
        self.assertEqual(case("notrun", "", "Unable to find executable"), (0, 1, 0))
        self.assertEqual(case("notrun", "no clang-format here", "SKIP_RETURN_CODE=77"), (0, 0, 1))

    def test_a_program_that_fails_after_its_summary_counts_as_failed(self):
        self.assertEqual(case("fail", "3 passed, 0 failed, 0 skipped\n"), (3, 1, 0))


if __name__ == "__main__":
    unittest.main()
