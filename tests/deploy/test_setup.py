"""make setup says in one line what a bare machine lacks."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.conftest import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a bare clone as the first steps read; there is no .venv."""
    (tmp_path / "scripts").mkdir()
    for name in ("Makefile", "requirements-dev.txt", "scripts/setup.py", "scripts/uv.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def setup_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "scripts" / "setup.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tools(folder: Path, *names: str) -> str:
    """A PATH with these programs and no others."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return str(folder)


def run_setup(clone: Path, before: str, path: str = "/nowhere") -> subprocess.CompletedProcess:
    """Run scripts/setup.py after some Python lines that take something away from the machine."""
    lines = (
        f"import runpy, sys\n{before}\nsys.argv = ['setup.py']\nrunpy.run_path('scripts/setup.py', run_name='__main__')"
    )
    environment = {**os.environ, "PATH": path}
    return subprocess.run([sys.executable, "-c", lines], cwd=clone, env=environment, capture_output=True, text=True)


def test_a_machine_without_python_is_told_what_to_install(clone: Path, tmp_path: Path) -> None:
    make = shutil.which("make")
    assert make
    path = tools(tmp_path / "bin", "sh")
    done = subprocess.run([make, "setup"], cwd=clone, env={"PATH": path}, capture_output=True, text=True)
    assert done.returncode != 0
    assert (
        done.stderr.splitlines()[0] == "setup: Python is missing. Run (as root): apt-get install python3 python3-venv"
    )


def test_a_python_without_venv_is_told_what_to_install(clone: Path) -> None:
    done = run_setup(clone, "sys.modules['ensurepip'] = None")
    version = ".".join(map(str, sys.version_info[:2]))
    assert done.returncode == 1
    assert (
        done.stderr.strip() == f"setup: Python's venv is missing. Run (as root): apt-get install python{version}-venv"
    )
    assert not (clone / ".venv").exists()


def test_an_old_python_is_told_what_to_install(clone: Path) -> None:
    done = run_setup(clone, "sys.version_info = (3, 9, 2); sys.version = '3.9.2 (main)'")
    assert done.returncode == 1
    assert done.stderr.startswith("setup: Python 3.11 or newer is needed and this is 3.9.2.")
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_old_python_gives_way_to_a_newer_one_beside_it(clone: Path, tmp_path: Path) -> None:
    newer = tmp_path / "bin" / "python3.12"
    newer.parent.mkdir()
    newer.write_text("#!/bin/sh\necho newer $@\n")
    newer.chmod(0o755)
    done = run_setup(clone, "sys.version_info = (3, 9, 2)", path=f"{newer.parent}:/usr/bin:/bin")
    assert done.stdout.strip() == "newer scripts/setup.py"


def test_a_user_is_told_the_apt_line_that_root_would_run(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup_script, "LIBRARIES", {"libnone-1.so.0": "libnone-1-0"})
    monkeypatch.setattr(setup_script, "FONT_FOLDERS", ("/nowhere",))
    setup_script.install_system_packages()
    said = capfd.readouterr().err
    assert "apt-get update && apt-get install --yes --no-install-recommends libnone-1-0 fonts-dejavu-core" in said


def test_a_missing_browser_is_named(
    setup_script: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup_script, "BROWSERS", ("no-such-browser",))
    setup_script.install_browser()
    assert "The browser tests need Chromium" in capfd.readouterr().err


def test_the_locks_hold_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "scripts/uv.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pinned
        assert all("==" in line and line.endswith("\\") for line in pinned), name
        assert text.count("--hash=sha256:") >= len(pinned)


def test_development_runs_the_versions_of_production() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (ROOT / name).read_text().splitlines()
        return dict(line.split(" ")[0].split("==") for line in lines if line and line[0] not in " #")

    production, development = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: development.get(name) for name in production} == production


def test_every_target_is_explained_by_make_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in said.splitlines()] == phony
    assert {"setup", "demo", "stop", "shell", "lock", "lint", "test", "soak", "bench", "backup-drill"} <= set(phony)
