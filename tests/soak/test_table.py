import shutil
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.soak
def test_long(record_property):
    record_property("rows", 1000000)

@pytest.mark.soak
def test_wrong():
    assert 1 == 2

def test_short():
    pass
"""


def run(folder: Path, expression: str) -> str:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder / "conftest.py")
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    soak: long\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:cacheprovider", "-m", expression]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def test_make_soak_ends_with_a_table_of_outcomes_and_figures(tmp_path: Path) -> None:
    lines = [line.split() for line in run(tmp_path, "soak").splitlines()]
    assert ["test", "outcome", "seconds", "figures"] in lines
    found = {line[0]: line for line in lines if line and line[0].startswith("test_it.py::")}
    assert found["test_it.py::test_long"][1] == "passed"
    assert found["test_it.py::test_long"][3:] == ["rows", "1,000,000"]
    assert found["test_it.py::test_wrong"][1] == "FAILED"
    assert "test_it.py::test_short" not in found


def test_other_runs_have_no_table(tmp_path: Path) -> None:
    assert "figures" not in run(tmp_path, "not soak")
