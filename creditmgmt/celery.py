"""The Celery application: tasks of every app, the schedule of creditmgmt/schedule.py, one broker address."""

import os
import sys

from celery import Celery

from creditmgmt import startup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditmgmt.settings")


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis address: a Unix socket is redis+socket:// there and unix:// everywhere else."""
    scheme, separator, rest = redis_url.partition("://")
    if scheme != "unix" or not separator:
        return redis_url
    return "redis+socket://" + rest.replace("?db=", "?virtual_host=")


try:
    startup.read_settings()
except startup.SettingsError as error:
    sys.exit(f"encours: {error}")

from django.conf import settings  # noqa: E402  only once it is known to be readable

app = Celery("encours")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.broker_url = broker_url(settings.REDIS_URL)
app.autodiscover_tasks()
app.autodiscover_tasks(["integrations"], related_name="messaging_tasks")
app.conf.beat_schedule = {
    # A tick that nobody took up in time is of no use: the next one sees the same bells.
    "ring": {"task": "creditmgmt.ring", "schedule": settings.RING_SECONDS, "options": {"expires": 30}},
    "ring nights": {"task": "creditmgmt.ring_nights", "schedule": 600.0, "options": {"expires": 600}},
}
