"""What must be said and done? Templates, messages out, the timeline, alerts, tasks, comments and files."""

from desk.models.events import Alert, Event
from desk.models.messages import Channel, Message, Template, TemplateCode, TemplateVersion
from desk.models.work import Attachment, Comment, Task

__all__ = [
    "Alert",
    "Attachment",
    "Channel",
    "Comment",
    "Event",
    "Message",
    "Task",
    "Template",
    "TemplateCode",
    "TemplateVersion",
]
