"""How a customer pays, decided by pure functions: the payer profile, and the chance of being paid soon."""
