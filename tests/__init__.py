"""Tests; this runs before any of them imports numpy."""

import os

# On a busy machine of two cores a BLAS that starts its own threads makes training twenty times slower.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
