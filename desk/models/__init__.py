"""What must be said and done? Templates, messages out and in, the timeline, alerts, tasks, comments and files."""

from desk.models.events import Alert, Event
from desk.models.inbound import InboundMessage, ReplyRules
from desk.models.messages import (
    MESSAGE_CHANNEL_CHOICES,
    MESSAGE_CHANNELS,
    ON_PAPER,
    Channel,
    Message,
    MessageFile,
    Template,
    TemplateCode,
    TemplateVersion,
)
from desk.models.notices import Notice, NoticeOptOut, NoticeSetting
from desk.models.work import Attachment, Comment, Task

__all__ = [
    "MESSAGE_CHANNELS",
    "MESSAGE_CHANNEL_CHOICES",
    "ON_PAPER",
    "Alert",
    "Attachment",
    "Channel",
    "Comment",
    "Event",
    "InboundMessage",
    "Message",
    "MessageFile",
    "Notice",
    "NoticeOptOut",
    "NoticeSetting",
    "ReplyRules",
    "Task",
    "Template",
    "TemplateCode",
    "TemplateVersion",
]
