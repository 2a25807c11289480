"""Which step, if any, an item has reached, and what keeps it out of a message. Pure functions: no Django, no clock."""
