"""Is this container's process well? For the health checks of docker-compose.yml.

Usage: python docker/probe.py web|default|long|beat      exit status 0 or 1

web: the health page answers 200. default, long: the worker of that queue answers a ping over the broker.
beat: it has written its schedule within ten minutes (it does every three).
"""

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

BEAT_SCHEDULE = Path("/tmp/beat-schedule")  # the container's own, in memory
BEAT_SECONDS = 600


def web_is_well() -> bool:
    host = os.environ["ALLOWED_HOSTS"].split(",")[0].lstrip(".").replace("*", "localhost")
    scheme = {"X-Forwarded-Proto": "https"}  # as the proxy says
    request = urllib.request.Request("http://127.0.0.1:8000/health/", headers={"Host": host, **scheme})
    with urllib.request.urlopen(request, timeout=4) as answer:
        return answer.status == 200


def worker_is_well(name: str) -> bool:
    from creditmgmt.celery import app

    worker = f"{name}@{socket.gethostname()}"
    return worker in (app.control.inspect(destination=[worker], timeout=8).ping() or {})


def beat_is_well(schedule: Path = BEAT_SCHEDULE) -> bool:
    # The file's ending depends on the database library of the Python in use.
    written = [path.stat().st_mtime for path in schedule.parent.glob(schedule.name + "*")]
    return bool(written) and time.time() - max(written) < BEAT_SECONDS


def main() -> int:
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    try:
        if name == "web":
            return 0 if web_is_well() else 1
        if name in ("default", "long"):
            return 0 if worker_is_well(name) else 1
        if name == "beat":
            return 0 if beat_is_well() else 1
    except OSError as error:
        print(f"probe: {error}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
