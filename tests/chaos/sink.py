"""A mail server that counts Message-IDs, and that is slow, busy or gone now and then, as mail servers are."""

import asyncio
import random
import threading
from collections import Counter, defaultdict
from email import message_from_bytes

from aiosmtpd.controller import Controller


class Sink:
    """What arrived: copies by Message-ID, and the different Message-IDs by recipient."""

    def __init__(self, *, seed: int) -> None:
        self.copies: Counter[str] = Counter()
        self.ids_of: dict[str, set[str]] = defaultdict(set)
        self.refused = 0
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):
        mood = self._random.random()
        if mood < 0.02:
            self.refused += 1
            return "451 4.3.0 try again later"
        await asyncio.sleep(self._random.uniform(0.002, 0.03))
        message_id = message_from_bytes(envelope.original_content)["Message-ID"]
        with self._lock:
            self.copies[message_id] += 1
            for recipient in envelope.rcpt_tos:
                self.ids_of[recipient].add(message_id)
        if mood < 0.04:
            server.transport.close()  # taken, and the answer never arrives
        return "250 OK"


def controller(sink: Sink, *, port: int) -> Controller:
    return Controller(sink, hostname="127.0.0.1", port=port, ready_timeout=30)
