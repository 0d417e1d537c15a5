"""Measuring on one core, and in a process of its own, where memory is that of the one thing measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # no stubs exist

__all__ = ["fit_alone", "one_core", "start_alone"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_MEMORY = """
import json, sys, time
from pathlib import Path

def megabytes(kind):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024
"""

_START = """
from models.store import ModelStore
from router.pipeline import Router
from router.proposal import Proposal
from router.site_files import load_site

site = load_site(Path(sys.argv[2]))
started = time.perf_counter()
model = ModelStore(Path(sys.argv[1])).load()
loaded = time.perf_counter()
router = Router(model, site)
ready, busy, ready_mb = time.time(), time.process_time(), megabytes("VmRSS:")
case = Proposal(title="关于修复人民路路面的建议", body="人民路路面坑洼不平，雨天积水，请修补路面。" * 20)
answering = time.perf_counter()
router.suggest(case)
answered = time.perf_counter()
router.suggest_many([case] * 20)
print(json.dumps({
    "ready_seconds": ready - float(sys.argv[3]), "busy_seconds": busy, "load_seconds": loaded - started,
    "first_answer_seconds": answered - answering, "ready_mb": ready_mb,
    "used_mb": megabytes("VmRSS:"), "shared_mb": megabytes("RssFile:"),
}))
"""

_FIT = """
import numpy as np

from training.history import read_cases, to_history
from training.train import train

proposals = read_cases([Path(sys.argv[1])])[0]
order = np.random.default_rng(0).permutation(len(proposals))[: int(sys.argv[2])]
history = to_history([proposals[at] for at in order], None)
started = time.process_time()
train(history)
seconds = time.process_time() - started
print(json.dumps({"n": len(order), "seconds": seconds, "peak_mb": megabytes("VmHWM:")}))
"""


def one_core() -> AbstractContextManager[Any]:
    """Keep this process and those it starts to one thread."""
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def start_alone(store: Path, site: Path) -> dict[str, float]:
    """Start a process that loads a stored model and answers; memory is what Linux tells of it."""
    return _run(_START, store, site, time.time())


def fit_alone(file: Path, n: int) -> dict[str, float]:
    """Train on `n` cases of a table, drawn with a seed."""
    return _run(_FIT, file, n)


def _run(program: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-c", _MEMORY + program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found
