"""Where the row of a task is looked at."""

from django.urls import reverse

from desk.models import Task

# By object_type: the URL name of its page.
PAGES = {
    "receivables.Dispute": "dispute",
    "receivables.LedgerItem": "item",
    "desk.InboundMessage": "reply",
    "collection.DeliveryStop": "delivery_stop",
    "collection.FormalNotice": "formal_notice",
    "collection.LegalCase": "legal_case",
    "collection.WriteOff": "write_off",
}


def task_page(task: Task) -> str:
    """The address of the row that a task is about; "" where it has no page."""
    if task.object_type == "collection.Interaction":  # a note or a call stands on its customer's page
        return reverse("customer", args=[task.customer_id])
    name = PAGES.get(task.object_type)
    if name is None or task.object_id is None:
        return ""
    return reverse(name, args=[task.object_id])
