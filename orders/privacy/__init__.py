"""People's rights: what is kept of a customer is given out, or forgotten, as they, their store or a merchant ask."""
