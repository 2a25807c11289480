"""The lists of the ledger, as declarations: their views show them, settings.LISTS names them for exports."""
