"""Making a real deployment: what is asked, what of it is refused, and how it is made all at once."""
