"""Measurements of a running Regulars beside baselines of the same run. `make bench`; see docs/benchmarks.md."""
