"""Mail that came in: taken apart without trusting it, and what it may mean. Pure functions: no Django, no clock."""
