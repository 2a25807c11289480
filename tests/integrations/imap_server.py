"""A real IMAP server on this machine (pymap), with a certificate of its own, and mails laid into its mailbox."""

import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "replies@nordis.example", 'pass "word" 7'


def pymap_path() -> str | None:
    beside = Path(sys.executable).parent / "pymap"
    return str(beside) if beside.exists() else shutil.which("pymap")


@dataclass
class ImapServer:
    """Where it listens: `port` with STARTTLS, `tls_port` encrypted from the start; `ca` signs for localhost."""

    port: int
    tls_port: int
    ca: Path

    def client(self) -> IMAP4:
        client = IMAP4("localhost", self.port)
        client.starttls(ssl.create_default_context(cafile=str(self.ca)))
        client.authenticate("PLAIN", lambda _challenge: f"\0{USER}\0{PASSWORD}".encode())
        return client

    def lay(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into the mailbox, as a mail server does."""
        client = self.client()
        for mail in mails:
            state, said = client.append(folder, "", "", mail)
            assert state == "OK", said
        client.logout()

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each mail of a folder, in their order."""
        client = self.client()
        client.select(folder, readonly=True)
        _state, found = client.search(None, "ALL")
        flags = [str(client.fetch(number, "(FLAGS)")[1][0]) for number in found[0].split()]
        client.logout()
        return flags


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(folder: Path) -> Iterator[ImapServer]:
    """Started, and ended with the block. Skips without the package, which fails where CI=true."""
    program = pymap_path()
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pymap is missing: python scripts/setup.py installs it")
        pytest.skip("pymap is missing: python scripts/setup.py installs it")
    cert, key = _certificate(folder)
    port = _free_port()
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--cert", str(cert), "--key", str(key)]
    command += ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with (folder / "pymap.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process, folder / "pymap.log")
        with _encrypted(port, cert, key) as tls_port:
            server = ImapServer(port, tls_port, cert)
            _empty(server)
            yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    for _attempt in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            if line.recv(2) == b"* ":
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"pymap did not start: {log.read_text()}")


def _empty(server: ImapServer) -> None:
    client = server.client()
    client.select("INBOX")
    client.store("1:*", "+FLAGS", "(\\Deleted)")
    client.expunge()
    client.logout()


@contextmanager
def _encrypted(port: int, cert: Path, key: Path) -> Iterator[int]:
    """A door that is encrypted from the start and leads to the server's inside, which it enters by STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    over = threading.Event()

    def enter() -> socket.socket:
        inner = socket.create_connection(("127.0.0.1", port))
        inner.recv(4096)
        inner.sendall(b"x STARTTLS\r\n")
        inner.recv(4096)
        trusted = ssl.create_default_context(cafile=str(cert))
        return trusted.wrap_socket(inner, server_hostname="localhost")

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        while not over.is_set():
            with suppress(OSError):
                outer, _address = listener.accept()
                outer.settimeout(30)
                outer = context.wrap_socket(outer, server_side=True)
                inner = enter()
                # Clients wait for a greeting, which STARTTLS does not give a second time.
                outer.sendall(b"* OK ready\r\n")
                for pair in ((outer, inner), (inner, outer)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        thread.join()
        listener.close()
