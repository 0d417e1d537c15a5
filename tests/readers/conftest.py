from __future__ import annotations

from hypothesis import settings

# The first call imports file libraries; its time says nothing of the others.
settings.register_profile("readers", deadline=None)
settings.load_profile("readers")
