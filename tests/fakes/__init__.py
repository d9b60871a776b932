"""Store platforms that speak as the real ones do, on 127.0.0.1, with faults to order."""
