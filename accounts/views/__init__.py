"""The pages of accounts: HTTP into one call of a service or query, and back."""
