"""How many calls an API key may make in a minute: counted in the cache, which all web processes share."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.errors import TooMany
from core.tenancy import require_tenant_id

WINDOW_SECONDS = 60
# A cache that is away is left alone for a while, so that it costs neither each call a second nor the log a line each.
LEFT_ALONE_SECONDS = 10
logger = logging.getLogger(__name__)


class CallsOfKey(BaseThrottle):
    """At most `API_CALLS_PER_MINUTE` calls of one key in a minute of the clock; 0: as many as it likes.

    A bulk call counts as one. Without a cache nothing is counted and every call passes: the limit keeps one program
    from taking the workers of all others, which is not worth an API that is down.
    """

    _left_alone_until = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Raises TooMany with the seconds until the next minute."""
        caller: Any = request.user
        if caller is not None:
            count_call(caller.pk)
        return True


def count_call(caller_id: object) -> None:
    """Count a call of a key, or of another caller with a secret of its own. Raises TooMany beyond the limit."""
    most = settings.API_CALLS_PER_MINUTE
    if not most or time.monotonic() < CallsOfKey._left_alone_until:
        return
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    try:
        calls = _count(f"{require_tenant_id()}:api_calls:{caller_id}:{window}")
    except RedisError as error:
        CallsOfKey._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        logger.warning("API calls are not counted, as there is no cache: %s", type(error).__name__)
        return
    if calls > most:
        raise TooMany(retry_after_seconds=math.ceil((window + 1) * WINDOW_SECONDS - now) or 1)


def _count(key: str) -> int:
    """The calls under `key`, this one included."""
    try:
        return int(cache.incr(key))
    except ValueError:  # the first of its minute, or another process's at the same time
        cache.add(key, 0, WINDOW_SECONDS * 2)
        return int(cache.incr(key))
