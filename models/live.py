"""The router of a running service: it follows the live model and the files of the site."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from models.heap import settle
from models.model import RoutingModel
from models.store import ModelStore
from router.errors import FenbanError, SiteError
from router.logs import told
from router.pipeline import Router
from router.proposal import Proposal
from router.rules.files import RULE_FILES, rules_digest
from router.sinks import Sinks
from router.site import Site
from router.site_archive import keep_site
from router.site_files import SITE_FILES, load_site, site_digest

__all__ = ["LiveEngine"]

log = logging.getLogger("fenban.live")

T = TypeVar("T")
_Stamp = tuple[tuple[int, int, int] | None, ...]

_EVERY = 1.0
_AGAIN = 30.0
"""Seconds after which what could not be used is tried again, though no file changed."""

_PLACE = re.compile(rf"({'|'.join(map(re.escape, (*SITE_FILES, *RULE_FILES)))})(?: 第 (\d+) 行)?")
"""A file of a site, and the line where that follows."""

_TRIAL = Proposal(title="关于修复路灯的建议")


class LiveEngine:
    """Keeps the last good router of a store and a site.

    What can't be loaded is told and doesn't raise, so that a service can say
    what is wrong with it.

    Parameters
    ----------
    store : Path
        The model store.
    site : Path, optional
        The site directory.

    Attributes
    ----------
    router : Router or None
        None while none could be built. Each request takes it once: it is
        replaced as a whole.
    site : Site
    sinks : Sinks
        Who is told of what is stored.
    """

    def __init__(self, store: Path, site: Path | None = None) -> None:
        self._store = ModelStore(store)
        self._directory = site
        self._lock = Lock()
        self._stopped = Event()
        self._model: RoutingModel | None = None
        self._wrong: tuple[FenbanError, ...] = ()
        self._digests: dict[str, str] = {}
        self.router: Router | None = None
        self.site = Site()
        self.sinks, self._told_to = Sinks({}), Site().settings.sinks
        self._stamp = self._look()
        self.refresh()

    @property
    def site_known(self) -> bool:
        """Whether `site` is what was given; not where that could not be read yet."""
        return self._directory is None or bool(self.site.digest)

    def ready(self) -> tuple[bool, str]:
        """Say whether cases can be answered, and in Chinese why not."""
        return self.router is not None, next(iter(self.problems()), "")

    def problems(self) -> list[str]:
        """Say in Chinese what of the newest model and site files is not used, and why."""
        return [_told(error) for error in self._wrong]

    def model_digest(self, version: str) -> str:
        """Return the recorded digest of a stored model; empty where there is none."""
        if version not in self._digests:
            self._digests[version] = self._store.digest(version)
        return self._digests[version]

    def models(self) -> list[dict[str, Any]]:
        """Describe the stored models, oldest first."""
        live = self._store.live
        described = []
        for version in self._store.versions():
            manifest = self._store.manifest(version)
            described.append(
                {
                    "version": version,
                    "live": version == live,
                    "created_at": manifest.created_at,
                    "cases": manifest.cases["n"],
                    "metrics": dict(manifest.metrics),
                }
            )
        return described

    def follow(self, every: float = _EVERY) -> None:
        """Look for changes from now on, in a thread of its own; call it after a fork."""
        Thread(target=self._follow, args=(every,), name="fenban-live", daemon=True).start()

    def close(self) -> None:
        """Stop looking, and let the sinks finish."""
        self._stopped.set()
        self.sinks.close()

    def refresh(self) -> None:
        """Load what changed; where that fails, what ran before goes on."""
        with self._lock:
            before = self.router
            self._stamp = self._look()
            wrong: list[FenbanError] = []
            new_site = _attempt(self._newest_site, wrong)
            new_model = _attempt(self._newest_model, wrong)
            for model, site in self._pairs(new_model, new_site):
                router = _attempt(partial(self._build, model, site), wrong)
                if router is not None:
                    self._swap(router, model, site, wrong)
                    break
            if self.router is None and new_site is not None:
                self.site = new_site  # what it says holds without a model, too
            self._tell(tuple(wrong))
            if self.router is not before:
                settle()

    def _follow(self, every: float) -> None:
        seen, waited = self._stamp, 0.0
        while not self._stopped.wait(every):
            now, waited = self._look(), waited + every
            # a file that is being written changes again before the next look
            settled = now == seen and now != self._stamp
            if settled or (self._wrong and waited >= _AGAIN):
                self.refresh()
                waited = 0.0
            seen = now

    def _look(self) -> _Stamp:
        """Return number, time and size of each file that counts; None for one that isn't there."""
        paths = [self._store.directory / "live"]
        if self._directory:
            paths += [self._directory / name for name in (*SITE_FILES, *RULE_FILES)]
        return tuple(map(_stat, paths))

    def _newest_site(self) -> Site:
        if self._directory is None:
            return self.site
        if self.router is not None:
            now = (site_digest(self._directory), rules_digest(self._directory))
            if now == (self.site.digest, self.site.rules_digest):
                return self.site
        return load_site(self._directory)

    def _newest_model(self) -> RoutingModel:
        live = self._store.needed_live()
        if self._model is not None and self._model.version == live:
            return self._model
        return self._store.load(live)

    def _pairs(self, model: RoutingModel | None, site: Site | None) -> Iterator[tuple[RoutingModel, Site]]:
        """Yield what may be tried: the newest of both, then either with the other that runs."""
        old_model, old_site = (self._model, self.site) if self.router is not None else (None, None)
        if model is not None and site is not None:
            yield model, site
        if model is not None and old_site is not None and old_site is not site:
            yield model, old_site
        if old_model is not None and site is not None and old_model is not model:
            yield old_model, site

    def _build(self, model: RoutingModel, site: Site) -> Router:
        if self.router is not None and model is self._model and site is self.site:
            return self.router
        router = Router(model, site)
        router.suggest(_TRIAL)  # a model that knows none of the sections is found out here
        return router

    def _swap(self, router: Router, model: RoutingModel, site: Site, wrong: list[FenbanError]) -> None:
        if site.settings.sinks != self._told_to:
            sinks = _attempt(partial(Sinks.of, site.settings.sinks), wrong)
            if sinks is not None:
                self._told_to = site.settings.sinks
                before, self.sinks = self.sinks, sinks
                Thread(target=before.close, daemon=True).start()
        if router is not self.router:
            versions = model.version, site.rules_digest[:12], site.digest[:12]
            log.info("live: model %s, rules %s, site %s", *versions)
        self._model, self.site, self.router = model, site, router
        if self._directory and site.digest:
            directory = self._directory
            _attempt(partial(keep_site, directory, site, self._store.directory), wrong)

    def _tell(self, wrong: tuple[FenbanError, ...]) -> None:
        """Log each problem once; code and places only, because messages may quote a file."""
        known = {str(error) for error in self._wrong}
        what = "what ran before goes on" if self.router else "not ready"
        for error in wrong:
            if str(error) not in known:
                log.warning("%s: %s", what, error.code, extra=told(at=_places(error) or None))
        self._wrong = wrong


def _attempt(work: Callable[[], T], wrong: list[FenbanError]) -> T | None:
    try:
        return work()
    except FenbanError as error:
        wrong.append(error)
    except Exception as error:  # a foreign plugin may raise anything, and the service goes on
        wrong.append(SiteError(f"载入时出错：{type(error).__name__}"))
    return None


def _places(error: FenbanError) -> str:
    """Return which files, and which lines of them, an error names: nothing that stands in them.

    Examples
    --------
    >>> _places(SiteError("规则“路灯”：缺少 target", where="/srv/site/rules.toml 第 16 行"))
    'rules.toml:16'
    """
    found = dict.fromkeys(_PLACE.findall(f"{error.where} {error.message}"))
    return ", ".join(f"{name}:{line}" if line else name for name, line in found)


def _told(error: FenbanError) -> str:
    """Say an error without the path: whoever asks need not learn where things lie."""
    place = error.where.rpartition("/")[2] if isinstance(error, SiteError) else ""
    said = f"{place}：{error.message}" if place else error.message
    return "。".join(filter(None, (said, error.hint)))


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_mtime_ns, told.st_size
