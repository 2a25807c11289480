"""The embedded Valkey: the doorbell of the workers and the cache. Nothing of it is kept on disk."""

import socket
import time

from creditmgmt.local import processes
from creditmgmt.local.place import Place, ServerError
from creditmgmt.local.programs import Account, Programs, run

START_SECONDS = 20
SETTINGS = {
    "port": "0",  # no network
    "unixsocketperm": "700",
    "daemonize": "yes",
    "save": "",
    "appendonly": "no",
    "maxmemory": "512mb",
    "maxmemory-policy": "volatile-lru",  # the cache gives way, never a waiting task
}


def answers(place: Place) -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(3)
            connection.connect(str(place.valkey_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def pid(place: Place) -> int | None:
    return processes.pid_of(place.valkey_pidfile, argument=str(place.valkey_socket))


def stop(place: Place) -> bool:
    """Stop the server of this folder; False if none ran."""
    every = processes.all_of(program="valkey-server", argument=f"unixsocket:{place.valkey_socket}")
    for one in every:
        processes.stop(one, signals=((15, 10), (9, 10)))
    return bool(every)


def start(place: Place, account: Account, programs: Programs) -> None:
    """Start the server and wait for its answer. The caller holds the lock. Raises ServerError."""
    stop(place)  # one that runs and does not answer
    for stale in (place.valkey_pidfile, place.valkey_socket):
        stale.unlink(missing_ok=True)
    log = place.log / "valkey.log"
    processes.shorten(log)
    settings = SETTINGS | {
        "unixsocket": str(place.valkey_socket),
        "pidfile": str(place.valkey_pidfile),
        "dir": str(place.run),
        "logfile": str(log),
    }
    command = [str(programs.valkey), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    run(command, place, account, what="Starting Valkey")
    until = time.monotonic() + START_SECONDS
    while not answers(place):
        if time.monotonic() > until:
            raise ServerError(f"Valkey does not start; the end of {log}:\n{processes.tail(log)}")
        time.sleep(0.05)
