"""A carrier of text messages that keeps count, and that is busy, deaf or silent now and then, as carriers are."""

import os
import random
from pathlib import Path

from django.conf import settings

from desk.ports import NoConnection, RefusedForNow


def log_file() -> Path:
    return Path(settings.DATA_DIR) / "carrier.log"


class CountingCarrier:
    """desk.ports.TextCarrier: every text that it takes is a line of its file, under its key."""

    def __init__(self, *, tenant) -> None:
        self._random = random.Random(os.urandom(8))

    def find(self, key: str) -> str | None:
        if self._random.random() < 0.03:
            raise NoConnection("not now")
        return key if log_file().exists() and key in log_file().read_text().split() else None

    def send(self, *, key: str, to: str, text: str, sender: str) -> str:
        mood = self._random.random()
        if mood < 0.03:
            raise RefusedForNow("too many")
        handle = os.open(log_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, f"{key}\n".encode())
        finally:
            os.close(handle)
        if mood < 0.07:
            raise TimeoutError("taken, and the answer never arrives")
        return key

    def close(self) -> None:
        pass
