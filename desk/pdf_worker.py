"""The renderer's process (desk.pdf starts it): HTML in, PDF out, length before each; no network, no files, little memory."""

import resource
import struct
import sys

MEMORY = 1536 * 1024 * 1024
CPU_SECONDS = 3600
READY = b"R"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    while head := sys.stdin.buffer.read(4):
        (size,) = struct.unpack(">I", head)
        html = sys.stdin.buffer.read(size).decode()
        try:
            status, answer = 0, HTML(string=html, url_fetcher=fetcher).write_pdf(font_config=fonts)
        except MemoryError:
            sys.exit(1)
        except Exception as error:
            status, answer = 1, f"{type(error).__name__}: {error}".encode()[:1000]
        sys.stdout.buffer.write(struct.pack(">BI", status, len(answer)) + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
