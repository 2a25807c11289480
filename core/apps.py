from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import prefix  # noqa: F401  registers the lookup `prefix`
        from core.tenancy import checks  # noqa: F401  registers the system checks
