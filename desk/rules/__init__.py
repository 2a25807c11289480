"""Texts of messages: names and values, never a language. Pure functions: no Django, no clock."""
