"""A mail server that takes everything and keeps nothing: `python -m bench.sink`, a process of its own.

Writes its port to standard output, and when standard input ends, how many messages it took and under how many
Message-IDs. Speaks as little SMTP as a client needs.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_ANSWERS = {b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n", b"DATA": b"354 go on\r\n"}
_END = b"\r\n.\r\n"
LONGEST = 1 << 24


class _Sink:
    def __init__(self) -> None:
        self.messages: Counter[bytes] = Counter()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                # A client may send several commands at once: each is read and answered for itself.
                command = (await reader.readuntil(b"\r\n"))[:4].upper()
                writer.write(_ANSWERS.get(command, b"250 ok\r\n"))
                if command == b"DATA":
                    self.take(await reader.readuntil(_END))
                    writer.write(b"250 taken\r\n")
                if command == b"QUIT":
                    break
        writer.close()

    def take(self, payload: bytes) -> None:
        start = payload.index(b"Message-ID:") + len(b"Message-ID:")
        self.messages[payload[start : payload.index(b">", start)].strip()] += 1


async def _serve() -> None:
    sink = _Sink()
    server = await asyncio.start_server(sink.talk, "127.0.0.1", 0, limit=LONGEST)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps([sink.messages.total(), len(sink.messages)]), flush=True)


@dataclass
class Taken:
    """A running sink. `messages` and `message_ids` are known once it has ended."""

    port: int
    messages: int = 0
    message_ids: int = 0


@contextlib.contextmanager
def sink() -> Iterator[Taken]:
    """Run a sink and end it, counted, at the end."""
    command = [sys.executable, "-m", "bench.sink"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            taken = Taken(int(process.stdout.readline()))
            yield taken
            process.stdin.close()
            taken.messages, taken.message_ids = json.loads(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve())
