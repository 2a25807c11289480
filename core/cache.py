"""The shared cache: Django's, with one client per pool of connections instead of one per call, which costs more than the call."""

from typing import Any

from django.core.cache.backends import redis


class Client(redis.RedisCacheClient):
    """Clients of redis-py hold no connection of their own and may be used by all threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool: Any = self._get_connection_pool(write)  # type: ignore[attr-defined]
        if id(pool) not in self._clients:
            self._clients[id(pool)] = super().get_client(key, write=write)
        return self._clients[id(pool)]


class Cache(redis.RedisCache):
    def __init__(self, server: Any, params: Any) -> None:
        super().__init__(server, params)
        self._class = Client

    def validate_key(self, key: str) -> None:
        """Nothing: only memcached, which this is not, minds what stands in a key. Django looks at each of its letters."""
