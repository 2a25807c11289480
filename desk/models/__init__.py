"""What must be said and done? Templates, messages out and in, the timeline, alerts, tasks, comments and files."""

from desk.models.events import Alert, Event
from desk.models.inbound import InboundMessage, ReplyRules
from desk.models.messages import Channel, Message, Template, TemplateCode, TemplateVersion
from desk.models.work import Attachment, Comment, Task

__all__ = [
    "Alert",
    "Attachment",
    "Channel",
    "Comment",
    "Event",
    "InboundMessage",
    "Message",
    "ReplyRules",
    "Task",
    "Template",
    "TemplateCode",
    "TemplateVersion",
]
