"""Every route is called with values that fit the schema and with values that do not: no 5xx, and answers as promised."""

import os

import pytest
import schemathesis
import schemathesis.checks
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

from core.tenancy import tenant_scope
from creditmgmt.wsgi import application
from tests.api.conftest import caller_of
from tests.api.test_resources import one_of_each  # noqa: F401
from receivables.models import Customer, LedgerItem

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "8"))
"""Values tried for each route; make soak may ask for more."""
