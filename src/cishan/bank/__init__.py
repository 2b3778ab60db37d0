"""The bank account: statements that the cashier brings, and what the bookkeeper says each movement is (R-18)."""
