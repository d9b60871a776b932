"""A program tried on the shop's own orders of a period, beside what is live. Writes nothing but its own row."""
