"""One trained model on disk.

A folder with ``manifest.json`` (what it is and where it came from), for each
axis ``<axis>.json`` (numbers and strings) and ``<axis>.joblib`` (arrays,
uncompressed so that workers map one copy), and ``lexicon.txt`` (the user
dictionary it was trained with). No class of ours is pickled. The folder's
digest is kept outside it, by the store, and checked before anything here is
read; see docs/artifact.md for the format and how it may change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from models.model import RoutingModel
from models.tokenizer import default_tokenizer
from router.errors import StoreError
from router.interfaces import Classifier
from router.plugins import get_plugin

__all__ = ["FORMAT_VERSION", "Manifest", "folder_digest", "read_artifact", "read_manifest", "write_artifact"]

FORMAT_VERSION = 1
_ARRAY = "__array__"
_SHARED, _FITTED = "embedding", "embedding_"


@dataclass(frozen=True)
class Manifest:
    """What a model is and where it came from.

    Parameters
    ----------
    created_at : str
        ISO time with zone.
    classifier, tokenizer : str
        Plugin names.
    labels : mapping of axis to list of str
    cases : mapping
        ``n``, ``digest``, ``years`` and ``per_label`` of the training cases.
    metrics : mapping of str to float
        On held-out cases.
    thresholds : mapping of str to float
    libraries : mapping of str to str
        Versions the model was made with.
    format_version : int
    """

    created_at: str
    classifier: str
    tokenizer: str
    labels: Mapping[str, list[str]]
    cases: Mapping[str, Any]
    metrics: Mapping[str, float]
    thresholds: Mapping[str, float]
    libraries: Mapping[str, str]
    format_version: int = field(default=FORMAT_VERSION)


def write_artifact(folder: Path, model: RoutingModel, manifest: Manifest, lexicon: tuple[str, ...]) -> None:
    """Write a model into an existing, empty folder.

    Raises
    ------
    OSError
        If the disk refuses; the caller removes the folder.
    """
    for axis, classifier in _axes(model):
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        state = classifier.state()
        if axis != "section" and _shares_embedding(classifier, model.section):
            state[_SHARED] = None
        plain = _take_arrays(state, arrays)
        (folder / f"{axis}.json").write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
        joblib.dump(arrays, folder / f"{axis}.joblib", compress=0)
    (folder / "lexicon.txt").write_text("".join(f"{word}\n" for word in lexicon), encoding="utf-8")
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read what a model says of itself.

    Raises
    ------
    StoreError
        If it is missing or of a format this version doesn't know.
    """
    try:
        kept = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError("模型说明 manifest.json 无法读取", where=str(folder)) from error
    if kept.get("format_version") != FORMAT_VERSION:
        raise StoreError(
            f"模型格式 {kept.get('format_version')} 不是本版本认识的 {FORMAT_VERSION}",
            where=str(folder),
            hint="请用本版本重新训练",
        )
    return Manifest(**kept)


def read_artifact(folder: Path, version: str) -> RoutingModel:
    """Load a model whose digest the caller has checked.

    Parameters
    ----------
    folder : Path
    version : str

    Returns
    -------
    RoutingModel
        Its arrays are mapped from disk, read-only.
    """
    manifest = read_manifest(folder)
    lexicon = (folder / "lexicon.txt").read_text(encoding="utf-8").split("\n")[:-1]
    tokenizer = default_tokenizer(lexicon, manifest.tokenizer)
    plugin = get_plugin("classifiers", manifest.classifier)

    if "section" not in manifest.labels:
        raise StoreError("模型里没有 section 分类器", where=str(folder))
    section: Classifier = plugin.from_state({**_read_state(folder, "section"), "tokenizer": tokenizer})
    topic: Classifier | None = None
    if "topic" in manifest.labels:
        state = {**_read_state(folder, "topic"), "tokenizer": tokenizer}
        if state.get(_SHARED, state) is None:
            state[_SHARED] = getattr(section, _FITTED)
        topic = plugin.from_state(state)
    return RoutingModel(section, topic, version, manifest.thresholds)


def _read_state(folder: Path, axis: str) -> dict[str, Any]:
    plain = json.loads((folder / f"{axis}.json").read_text(encoding="utf-8"))
    arrays = joblib.load(folder / f"{axis}.joblib", mmap_mode="r")
    state: dict[str, Any] = _put_arrays(plain, arrays)
    return state


def _shares_embedding(one: Classifier, other: Classifier) -> bool:
    """Say whether two axes use one embedding, which is then written once."""
    return hasattr(one, _FITTED) and getattr(one, _FITTED) is getattr(other, _FITTED, None)


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over names and contents of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _axes(model: RoutingModel) -> list[tuple[str, Classifier]]:
    axes = [("section", model.section)]
    return [*axes, ("topic", model.topic)] if model.topic else axes


def _take_arrays(value: Any, arrays: dict[str, Any], path: str = "") -> Any:
    """Replace every array of a nested state by a reference into `arrays`."""
    if isinstance(value, np.ndarray):
        arrays[path] = np.ascontiguousarray(value)
        return {_ARRAY: path}
    if isinstance(value, Mapping):
        return {key: _take_arrays(item, arrays, f"{path}/{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_arrays(item, arrays, f"{path}/{at}") for at, item in enumerate(value)]
    return value.item() if isinstance(value, np.generic) else value


def _put_arrays(value: Any, arrays: Mapping[str, Any]) -> Any:
    """Put the arrays back where `_take_arrays` took them."""
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {key: _put_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return value if value and isinstance(value[0], str) else [_put_arrays(v, arrays) for v in value]
    return value
