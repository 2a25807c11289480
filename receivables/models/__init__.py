"""Who owes what, since when? Positive amounts are owed to us, everywhere."""

from receivables.models.bank import BankLine, CashAllocation, CashMatch, CashSettings, KnownPayer
from receivables.models.codes import Cause, ItemCause, ItemStatus, StatusCode
from receivables.models.customers import (
    Contact,
    Customer,
    CustomerAccount,
    CustomerGroup,
    Entity,
    EntityAccess,
    PaymentTerms,
)
from receivables.models.ledger import (
    Allocation,
    CustomerBalance,
    Document,
    FxRate,
    LedgerItem,
    LedgerItemRevision,
    LoadChange,
    OpenOrder,
)
from receivables.models.standing import (
    Dispute,
    DisputeReason,
    Hold,
    InstalmentPlan,
    Promise,
    PromiseItem,
    PromiseSettings,
)

__all__ = [
    "Allocation",
    "BankLine",
    "CashAllocation",
    "CashMatch",
    "CashSettings",
    "Cause",
    "Contact",
    "Customer",
    "CustomerAccount",
    "CustomerBalance",
    "CustomerGroup",
    "Dispute",
    "DisputeReason",
    "Document",
    "Entity",
    "EntityAccess",
    "FxRate",
    "Hold",
    "InstalmentPlan",
    "ItemCause",
    "ItemStatus",
    "KnownPayer",
    "LedgerItem",
    "LedgerItemRevision",
    "LoadChange",
    "OpenOrder",
    "PaymentTerms",
    "Promise",
    "PromiseItem",
    "PromiseSettings",
    "StatusCode",
]
