"""What changes in accounts: one function per use case, one transaction each."""
