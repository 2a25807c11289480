"""Make a bare clone ready: .venv with the locked packages, browser files, translations, libraries of the PDF letters.

Usage: python3 scripts/setup.py [--browser]      --browser: Debian's Chromium too, for the browser tests

Runs under the system's Python (standard library only, and readable by an old one, so that it can say what is missing).
May run again: what is in place and unchanged takes no time. Exit status 1 and one line on standard error when
something is missing that it may not install itself.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOCK = ROOT / "requirements-dev.txt"
UV_LOCK = ROOT / "scripts" / "uv.txt"
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")

# WeasyPrint loads these by name; the package that has each on Debian and Ubuntu.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
    "libfontconfig.so.1": "libfontconfig1",
}
FONTS = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class SetupError(Exception):
    """Something is missing; the text is the one line that says what to do."""


def say(text):
    print("setup: " + text, flush=True)


def use_new_enough_python():
    """Go on under a Python that is new enough, if this one is not and another is there."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    raise SetupError(
        f"Python 3.11 or newer is needed and this is {sys.version.split()[0]}. "
        "Run (as root): apt-get install python3.11 python3.11-venv"
    )


def check_venv():
    """Debian keeps venv and ensurepip in a package of their own."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python's venv is missing. Run (as root): apt-get install python{version}-venv") from None


def run(command, **options):
    """Run a command with its output shown; its exit status."""
    return subprocess.run([str(word) for word in command], cwd=str(ROOT), **options).returncode


def works(python):
    return (
        os.access(str(python), os.X_OK)
        and run([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=-1) == 0
    )


def lock_hash():
    total = hashlib.sha256(str(sys.version_info[:2]).encode())
    total.update(LOCK.read_bytes())
    return total.hexdigest()


def install_packages():
    wanted = lock_hash()
    if os.access(str(PYTHON), os.X_OK) and STAMP.exists() and STAMP.read_text() == wanted:
        return
    check_venv()
    if not works(PYTHON):
        say("making .venv")
        if run([sys.executable, "-m", "venv", "--clear", VENV]) != 0:
            raise SetupError("the virtual environment could not be made; the messages are above")
    say("installing the packages of requirements-dev.txt")
    if not (install_with_uv() or install_with_pip()):
        raise SetupError("the packages could not be installed; the messages are above")
    STAMP.write_text(wanted)


def install_with_uv():
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    if run([*pip, "install", "--quiet", "--require-hashes", "--requirement", UV_LOCK]) != 0:
        say("uv could not be installed, going on with pip")
        return False
    # Whoever installs through a mirror or with certificates of their own told pip so; uv does not read pip's files.
    environment = dict(os.environ)
    listed = subprocess.run([*map(str, pip), "config", "list"], capture_output=True, text=True).stdout
    for setting, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        found = re.search(rf"^(?:global|install|:env:)\.{setting}='(.*)'$", listed, re.MULTILINE)
        if found:
            environment.setdefault(variable, found[1])
    # Copies where the cache lies on another disk: uv would warn of it, and nobody asked.
    environment.setdefault("UV_LINK_MODE", "copy")
    command = [VENV / "bin" / "uv", "pip", "install", "--quiet", "--require-hashes", "--python", PYTHON]
    if run([*command, "--requirement", LOCK], env=environment) == 0:
        return True
    say("uv did not finish, going on with pip")
    return False


def install_with_pip():
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    return run([*command, "--requirement", LOCK]) == 0


def install_frontend():
    if run([PYTHON, ROOT / "scripts" / "frontend.py"], stdout=subprocess.DEVNULL) != 0:
        raise SetupError("the browser files could not be installed; the messages are above")


def compile_translations():
    catalogues = sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po"))
    compiled = [(path, path.with_suffix(".mo")) for path in catalogues]
    if all(mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns for po, mo in compiled):
        return
    if run([PYTHON, ROOT / "scripts" / "translations.py"]) != 0:
        raise SetupError("the translations could not be compiled; the messages are above")


def missing_system_packages():
    """Debian packages that the PDF letters need and this machine lacks."""
    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    if not any(path for folder in folders if folder.is_dir() for path in folder.rglob("*.[to]tf")):
        missing.append(FONTS)
    return missing


def apt_install(packages, what):
    """Install as root; else, or where apt fails, say what to run. True when they are installed."""
    command = "apt-get install --yes --no-install-recommends " + " ".join(packages)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing " + " ".join(packages))
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        if run(["apt-get", "update"], **quiet) == 0 and run(command.split(), **quiet) == 0:
            return True
    print(f"setup: {what} Run as root: apt-get update && {command}", file=sys.stderr)
    return False


def install_system_packages():
    missing = missing_system_packages()
    if missing:
        apt_install(missing, "PDF letters need libraries that this machine lacks; all else works without.")


def install_browser():
    """Chromium for the browser tests; without it they are skipped, and fail where CI=true."""
    if not any(shutil.which(name) for name in BROWSERS):
        apt_install(["chromium"], "The browser tests need Chromium; without it they do not run.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", action="store_true", help="Debian's Chromium too, for the browser tests")
    arguments = parser.parse_args()
    try:
        use_new_enough_python()
        install_packages()
        install_frontend()
        compile_translations()
        install_system_packages()
        if arguments.browser:
            install_browser()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
