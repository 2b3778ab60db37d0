"""Who is close to whom, found by digests: people declare, families are compared, and nobody reads a name (R-11)."""
