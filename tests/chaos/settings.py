"""The product's settings with short leases, so that what a killed worker held is free again in seconds."""

from creditmgmt.settings import *  # noqa: F403

# Long enough for the renderer of letters to start on a busy machine.
OUTBOX_LEASE_SECONDS = 12
OUTBOX_RETRY_SECONDS = (0.2, 0.5)
RING_SECONDS = 0.5
EMAIL_TIMEOUT = 5
PORTS = {**PORTS, "desk.text_carrier": "tests.chaos.carrier.CountingCarrier"}  # noqa: F405
# A worker whose broker went away looks for it again at once.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "socket_connect_timeout": 2}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
