"""Reads of accounts: one function per question."""
