"""One trained model on disk.

A folder with ``manifest.json`` (what it is and where it came from), for each
axis and for the past cases ``<part>.json`` (numbers and strings) and
``<part>.joblib`` (arrays, uncompressed so that workers map one copy),
``lexicon.txt`` (the user dictionary it was trained with) and ``card.json``
(how it did; see `models.card`). No class of ours is pickled. The folder's
digest is kept outside it, by the store, and checked before anything here but
manifest and card is read; see docs/artifact.md for the format and how it may
change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from models.card import Card, write_card
from models.classifier import RidgeTextClassifier
from models.co_handling import CoHandling
from models.held_out import HeldOutCases
from models.model import RoutingModel
from models.similar import SimilarityIndex
from models.tokenizer import default_tokenizer
from router.errors import PluginError, StoreError
from router.interfaces import Classifier
from router.plugins import get_plugin

__all__ = ["FORMAT_VERSION", "Manifest", "folder_digest", "read_artifact", "read_manifest", "write_artifact"]

FORMAT_VERSION = 2
_ARRAY = "__array__"
_SHARED, _FITTED = "embedding", "embedding_"
_SURROGATES = "surrogatepass"
"""A title may hold half an emoji that some program cut in two."""

_SIMILAR, _HELD_OUT = "similar", "held_out"

_Part = Classifier | CoHandling | SimilarityIndex | HeldOutCases


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


def write_artifact(
    folder: Path,
    model: RoutingModel,
    manifest: Manifest,
    lexicon: tuple[str, ...],
    card: Card | None = None,
) -> None:
    """Write a model into an existing, empty folder.

    Raises
    ------
    OSError
        If the disk refuses; the caller removes the folder.
    """
    for name, part in _parts(model):
        arrays: dict[str, np.ndarray[Any, Any]] = {}
        state = part.state()
        if name != "section" and _shares_embedding(part, model.section):
            state[_SHARED] = None
        plain = _take_arrays(state, arrays)
        text = json.dumps(plain, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text, encoding="utf-8", errors=_SURROGATES)
        joblib.dump(arrays, folder / f"{name}.joblib", compress=0)
    (folder / "lexicon.txt").write_text("".join(f"{word}\n" for word in lexicon), encoding="utf-8")
    if card is not None:
        write_card(folder, card)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read what a model says of itself.

    Raises
    ------
    StoreError
        If it is missing or of a format this version doesn't know.
    """
    damaged = StoreError("模型说明 manifest.json 无法读取", where=str(folder), hint="请从备份恢复这个版本")
    try:
        kept = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged from error
    if not isinstance(kept, dict):
        raise damaged
    if kept.get("format_version") != FORMAT_VERSION:
        raise StoreError(
            f"模型格式 {kept.get('format_version')} 不是本版本认识的 {FORMAT_VERSION}",
            where=str(folder),
            hint="请用本版本重新训练",
        )
    if kept.keys() != {part.name for part in fields(Manifest)} or not _well_formed(
        manifest := Manifest(**kept)
    ):
        raise damaged
    return manifest


def _well_formed(manifest: Manifest) -> bool:
    """Say whether the parts have the shape that whoever shows them relies on."""
    cases = manifest.cases
    mappings = (manifest.labels, cases, manifest.metrics, manifest.thresholds, manifest.libraries)
    if not all(isinstance(part, dict) for part in mappings):
        return False
    numbers = (cases.get("n"), *manifest.metrics.values(), *manifest.thresholds.values())
    texts = (manifest.created_at, manifest.classifier, manifest.tokenizer, cases.get("digest"))
    return (
        all(isinstance(number, int | float) for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(labels, list) for labels in (cases.get("years"), *manifest.labels.values()))
        and isinstance(cases.get("per_label"), dict)
    )


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

    Raises
    ------
    StoreError
        If its parts aren't those that this version of fenban writes, or a
        plugin it was trained with can't be used.
    """
    manifest = read_manifest(folder)
    try:
        return _read_parts(folder, version, manifest)
    except PluginError as error:
        hint = "；".join(filter(None, (error.hint, _gone(manifest))))
        message = f"模型要用训练时的插件：{error.message}"
        raise StoreError(message, where=str(folder), hint=hint) from error
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise StoreError(
            "模型的内容不是本版本写的样子", where=str(folder), hint="请用本版本重新训练，或从备份恢复"
        ) from error


def _gone(manifest: Manifest) -> str:
    """Say which distributions were there when the model was trained and aren't now."""
    installed = {found.name for found in distributions()} | {"python"}
    gone = [f"{name} {known}" for name, known in manifest.libraries.items() if name not in installed]
    return f"训练时装有 {'、'.join(gone)}，请装上再试" if gone else ""


def _read_parts(folder: Path, version: str, manifest: Manifest) -> RoutingModel:
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
    co: CoHandling | None = None
    if "co" in manifest.labels and isinstance(section, RidgeTextClassifier):
        co = CoHandling.from_state(_read_state(folder, "co"), section)
    similar: SimilarityIndex | None = None
    if (folder / f"{_SIMILAR}.json").exists():
        similar = SimilarityIndex.from_state(_read_state(folder, _SIMILAR))
    held_out: HeldOutCases | None = None
    if (folder / f"{_HELD_OUT}.json").exists():
        held_out = HeldOutCases.from_state(_read_state(folder, _HELD_OUT))
    return RoutingModel(section, topic, co, version, manifest.thresholds, similar, held_out)


def _read_state(folder: Path, axis: str) -> dict[str, Any]:
    plain = json.loads((folder / f"{axis}.json").read_text(encoding="utf-8", errors=_SURROGATES))
    arrays = joblib.load(folder / f"{axis}.joblib", mmap_mode="r")
    state: dict[str, Any] = _put_arrays(plain, arrays)
    return state


def _shares_embedding(one: object, other: object) -> bool:
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


def _parts(model: RoutingModel) -> list[tuple[str, _Part]]:
    parts: list[tuple[str, _Part | None]] = [
        ("section", model.section),
        ("topic", model.topic),
        ("co", model.co),
        (_SIMILAR, model.similar),
        (_HELD_OUT, model.held_out),
    ]
    return [(name, part) for name, part in parts if part is not None]


def _take_arrays(value: Any, arrays: dict[str, Any], path: str = "") -> Any:
    """Replace every array of a nested state by a reference into `arrays`."""
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        name = f"{len(arrays)}{path}"
        arrays[name] = np.ascontiguousarray(value)
        return {_ARRAY: name}
    if isinstance(value, Mapping):
        return {key: _take_arrays(item, arrays, f"{path}/{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_take_arrays(item, arrays, f"{path}/{at}") for at, item in enumerate(value)]
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise PluginError(
        f"分类器的 state() 在 {path} 处有 {type(value).__name__}，不能不用 pickle 保存",
        hint="state() 只应含数组、数字和文字",
    )


def _put_arrays(value: Any, arrays: Mapping[str, Any]) -> Any:
    """Put the arrays back where `_take_arrays` took them."""
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return np.asarray(arrays[value[_ARRAY]])  # still mapped; a memmap makes each look at it slower
        return {key: _put_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_put_arrays(item, arrays) for item in value]
    return value
