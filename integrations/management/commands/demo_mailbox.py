"""The demo mailbox's server, until it is ended."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from accounts.access import RefusingCommand
from integrations.mailbox_server import controller


class Command(RefusingCommand):
    help = "Take the mail of this machine's demo on localhost, port PORT + 25, and keep it for the mailbox page."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MAILBOX:
            raise CommandError("Mail goes to EMAIL_URL here: there is no demo mailbox to run.", returncode=1)
        server = controller(port=settings.EMAIL_PORT)
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        try:
            server.start()
        except OSError as error:
            text = f"Port {settings.EMAIL_PORT} cannot be had: {error.strerror}."
            raise CommandError(text, returncode=1) from error
        self.stdout.write(f"demo mailbox on port {settings.EMAIL_PORT}")
        over.wait()
        server.stop()
