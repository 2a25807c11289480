"""Make the hashed requirements anew: requirements.txt, requirements-dev.txt and scripts/uv.txt (the installer itself).

Usage: python scripts/lock.py [--upgrade]

Without --upgrade only what the *.in files changed is changed. Valid for every system and every Python from 3.11 on;
the files hold names, versions and hashes, and no address: whoever has a mirror uses it.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
# What is made, from what, under which versions: development tests what production runs.
LOCKS = (
    ("requirements.txt", "requirements.in", None),
    ("requirements-dev.txt", "requirements-dev.in", "requirements.txt"),
    ("scripts/uv.txt", "scripts/uv.in", None),
)


def main() -> int:
    if not UV.exists():
        command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--requirement", "scripts/uv.txt"]
        subprocess.run(command, cwd=ROOT, check=True)
    for target, source, constraint in LOCKS:
        command = [str(UV), "pip", "compile", source, "--output-file", target, "--python-version", "3.11"]
        command += ["--universal", "--generate-hashes", "--no-header", "--quiet", *sys.argv[1:]]
        if constraint:
            command += ["--constraint", constraint]
        if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            return 1
        print(f"lock: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
