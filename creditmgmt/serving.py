"""gunicorn's settings, the same for the demo and the container: gunicorn --config python:creditmgmt.serving"""

import os
import sys
from pathlib import Path
from typing import Any

from creditmgmt import startup

wsgi_app = "creditmgmt.wsgi:application"
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "sync"
workers = 2 * (os.cpu_count() or 1) + 1
# A short queue: what waits longer than its caller is better refused by the proxy in front.
backlog = 64
timeout = 30
graceful_timeout = 20
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108  the workers' heartbeat files, on memory: a slow disk must not look like a hang
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def on_starting(server: Any) -> None:
    """Refuse here, once, what would otherwise fail again and again in every new worker."""
    try:
        startup.read_settings()
    except startup.SettingsError as error:
        sys.exit(f"encours: {error}")
