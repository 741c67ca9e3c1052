"""Benchmarks: AIA beside its peers, in one run. `make bench-NAME`, e.g. `make bench-ventures ARGS=--quick`."""
