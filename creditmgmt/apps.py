from django.apps import AppConfig


class CreditmgmtConfig(AppConfig):
    name = "creditmgmt"

    def ready(self) -> None:
        from creditmgmt import celery  # noqa: F401  every process that queues a task must know the broker
