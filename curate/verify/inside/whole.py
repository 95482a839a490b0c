"""A piece of test code run to its end, with what it defines and does not call: test functions, and
the cases of unittest.
"""

from __future__ import annotations

import sys

from curate.verify.inside.wire import run_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def run_whole(test: dict[str, Any], module: ModuleType) -> None:
    """Run a test in a module; raises what fails."""
    ran = _unittest_raises(module) if "unittest" in test["code"] else []
    run_as(test["code"], module, "test.py")
    for name in test["functions"]:
        module.__dict__[name]()
    if test["cases"] and not ran:
        sys.modules["unittest"].main()


def _unittest_raises(module: ModuleType) -> list[bool]:
    """Have `unittest.main` raise what failed, and not end the process; gives a list that is filled
    when it has run.
    """
    import io
    import unittest

    ran: list[bool] = []

    def main(*_: Any, **__: Any) -> None:
        ran.append(True)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        result = unittest.TextTestRunner(io.StringIO()).run(suite)
        failed = [*result.failures, *result.errors]
        if failed:
            raise AssertionError(f"{failed[0][0]}: {failed[0][1].strip().rpartition(chr(10))[2]}")
        if not result.wasSuccessful() or result.testsRun <= len(result.skipped):
            raise AssertionError("no case of unittest was run")

    unittest.main = main  # type: ignore[assignment]
    return ran
