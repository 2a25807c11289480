"""HTML to PDF in a process of its own: it loads nothing from anywhere and is ended when it takes too much or too long."""

import os
import selectors
import struct
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 20
# Until the renderer has read its libraries and fonts; not the document's fault.
START_SECONDS = 60
LONGEST_HTML = 2 * 1024 * 1024
LONGEST_PDF = 20 * 1024 * 1024
_HEAD = struct.Struct(">BI")
OK = 0
READY = b"R"


class PdfFailed(Exception):
    """No PDF came out. `is_final`: the document itself is the reason, trying again is of no use."""

    def __init__(self, text: str, *, is_final: bool) -> None:
        super().__init__(text)
        self.is_final = is_final


class PdfProcess:
    """A renderer kept over a batch of documents; a new one is started after it had to be ended."""

    def __init__(self, *, seconds: int = SECONDS) -> None:
        self.seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._begun: bytes | None = None  # what the process is at, unasked

    def render(self, html: str, *, following: str = "") -> bytes:
        """The PDF of `html`, which may hold data: images only. Raises PdfFailed.

        `following`: the document that is asked for next. It is begun while the caller does something with this one.
        """
        body = html.encode()
        if len(body) > LONGEST_HTML:
            raise PdfFailed(f"the letter has {len(body)} bytes, at most {LONGEST_HTML} are rendered", is_final=True)
        if self._begun not in (None, body):
            self.close()
        try:
            process = self._running()
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise PdfFailed("the renderer does not start", is_final=False) from error
        try:
            if self._begun is None:
                self._begin(process, body)
            status, size = _HEAD.unpack(self._read(process, _HEAD.size, time.monotonic() + self.seconds))
            answer = self._read(process, size, time.monotonic() + self.seconds)
        except TimeoutError as error:
            self.close()
            raise PdfFailed(f"the letter took more than {self.seconds} seconds", is_final=True) from error
        except (OSError, EOFError) as error:
            self.close()
            raise PdfFailed("the renderer ended: the letter needs too much memory", is_final=True) from error
        self._begun = None
        if following:
            self._begin_ahead(process, following.encode())
        if status != OK:
            raise PdfFailed(answer.decode(errors="replace")[:200], is_final=True)
        return answer

    def close(self) -> None:
        """End the process; the next document starts a new one."""
        process, self._process, self._begun = self._process, None, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            # Nothing of this process' environment goes along but what finds programs, libraries and fonts.
            environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("pdf_worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
            self._read(self._process, len(READY), time.monotonic() + START_SECONDS)
        return self._process

    def _begin(self, process: subprocess.Popen[bytes], body: bytes) -> None:
        assert process.stdin is not None
        process.stdin.write(struct.pack(">I", len(body)) + body)
        process.stdin.flush()
        self._begun = body

    def _begin_ahead(self, process: subprocess.Popen[bytes], body: bytes) -> None:
        """What is wrong with it is found when it is asked for."""
        if len(body) <= LONGEST_HTML:
            try:
                self._begin(process, body)
            except OSError:
                self.close()

    @staticmethod
    def _read(process: subprocess.Popen[bytes], size: int, until: float) -> bytes:
        """Exactly `size` bytes. Raises TimeoutError at `until`, EOFError when the process has ended."""
        assert process.stdout is not None
        if size > LONGEST_PDF:
            raise EOFError
        out = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while len(out) < size:
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise TimeoutError
                part = os.read(process.stdout.fileno(), min(size - len(out), 1 << 16))
                if not part:
                    raise EOFError
                out += part
        return bytes(out)
