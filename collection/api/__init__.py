"""Collection over the API: reminders and their decisions, interest and charges."""
