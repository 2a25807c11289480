"""Words for what the rules name by codes."""

from django.utils.translation import gettext_lazy as _

from collection.models import Claim
from collection.rules.law import Series
from collection.services.claims import Without

CLAIM_KINDS = dict(Claim.Kind.choices)
CLAIM_STATES = dict(Claim.State.choices)
CLAIM_STATE_KINDS = {"CLAIMED": "warn", "PAID": "good", "WAIVED": "", "REPLACED": ""}

SERIES = {
    Series.ECB_REFINANCING: _("European Central Bank, main refinancing operations"),
    Series.FR_LEGAL: _("France, legal interest rate for professional creditors"),
    Series.DE_BASE: _("Germany, base rate of the Bundesbank"),
    Series.GB_BANK_RATE: _("Bank of England, bank rate"),
    Series.CH_FIXED: _("Switzerland, rate of the code of obligations"),
}

WITHOUT = {
    Without.CONTESTED: _("in dispute: the claim rests"),
    Without.NO_LAW: _("no law is known for the company's country"),
    Without.NO_RATE: _("no rate is known for its days"),
    Without.CLAIMED: _("claimed up to this day already"),
    Without.NOTHING: _("no interest"),
}
