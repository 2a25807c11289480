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
