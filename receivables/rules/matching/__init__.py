"""Which open items does a line of the bank statement pay? Pure; rules and examples: docs/rules/cash-application.md.

`facts` holds what is given and what comes out, `references` finds numbers in a text, `payers` finds customers, `sums`
finds items that add up, `decide` weighs all of it.
"""
