"""Log lines as JSON. No names, amounts or tokens: ids and counts only."""

import json
import logging
from datetime import UTC, datetime

from core.tenancy import current_tenant_id


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if tenant_id := current_tenant_id():
            line["tenant"] = str(tenant_id)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
