"""Benchmarks: AIA beside its peers, in one run. `make bench-NAME`, e.g. `make bench-ventures ARGS=--quick`.

Linear algebra takes one thread, for AIA and for its peers, as in everything that the Makefile starts: threads that
wait for each other count as CPU seconds of nobody's work. It is said here, before a benchmark imports numpy.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
