"""How fast past cases are found, and how surely the same matter is told from another.

``python benchmarks/similar.py`` measures on the sample site,
``python benchmarks/similar.py FOLDER`` on another folder of case tables.
Speed: the index against the products with the whole matrix, at growing
numbers of cases that are made by recombining sentences. Merging: copies of
past cases with another title and wording, in another place, or joined with a
second case are to be recognised; every past case, against all others, is not.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.sparse import csr_matrix, vstack

from models.features import BlockFeatures
from models.similar import SAME_MATTER, SimilarityIndex
from models.tokenizer import default_tokenizer
from router.decision import OtherCase
from router.likeness import least_similarity
from router.proposal import Proposal, case_text
from router.site import Site
from router.site_files import load_site, sample_site
from training.history import read_cases

__all__ = ["KINDS", "Copy", "index_of", "near_copies", "precision", "recognised"]

_LENGTH = 400
"""Characters of a made case, about what a real one has."""
_MOST = 5
_DROPPED = 0.2
_LARGEST_GROUP = 10
_QUERIES = 30
_MADE_AT_ONCE = 5_000
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8)
_PLACES = Path(__file__).parent / "places.txt"
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；\n]*")
_AROUND_TITLE = re.compile(r"^(关于|恳请|建议|请|应当|希望)|(的)?(建议|提案)$")
_OTHER_WORDS = (
    ("群众", "居民"),
    ("建议", "希望"),
    ("请", "恳请"),
    ("我们", "大家"),
    ("非常", "十分"),
    ("尽快", "抓紧"),
    ("严重", "突出"),
    ("维修", "修缮"),
    ("解决", "处理"),
    ("每天", "天天"),
)


def sentences(text: str) -> list[str]:
    """Cut a body into sentences.

    Examples
    --------
    >>> sentences("路灯不亮。请修！")
    ['路灯不亮。', '请修！']
    """
    return _SENTENCE.findall(text)


def reworded(case: Proposal, _other: Proposal, chance: random.Random) -> str:
    """Return the case under another title, in other words, one sentence in five dropped, in another order."""
    title = f"请帮忙办一办：{_AROUND_TITLE.sub('', case.title)}"
    said = [s for s in sentences(case.body) if chance.random() > _DROPPED] or sentences(case.body)
    chance.shuffle(said)
    body = "".join(said)
    for word, instead in _OTHER_WORDS:
        body = body.replace(word, instead)
    return case_text(title, body)


def moved(case: Proposal, _other: Proposal, chance: random.Random) -> str:
    """Return the case as if written for another place."""
    lines = _PLACES.read_text(encoding="utf-8").splitlines()
    text = case.text
    for places in (line.split() for line in lines if line and not line.startswith("#")):
        for place in sorted(places, key=len, reverse=True):
            text = text.replace(place, chance.choice([another for another in places if another != place]))
    return text


def joined(case: Proposal, other: Proposal, _chance: random.Random) -> str:
    """Return the case with another one's requests added."""
    return case_text(f"{case.title}等两件事", f"{case.body}\n另外，{other.body}")


KINDS: dict[str, Callable[[Proposal, Proposal, random.Random], str]] = {
    "换题改写": reworded,
    "换地点": moved,
    "两件合写": joined,
}
"""Makers of near-copies by name: case, some other case, chance -> text."""


@dataclass(frozen=True)
class Copy:
    """A near-copy and the positions of the cases it was made of."""

    text: str
    sources: tuple[int, ...]


def near_copies(cases: Sequence[Proposal], seed: int = 0) -> dict[str, list[Copy]]:
    """Return one near-copy of each kind for each case."""
    chance = random.Random(seed)
    found: dict[str, list[Copy]] = {}
    for kind, make in KINDS.items():
        second = [*range(1, len(cases)), 0] if make is joined else range(len(cases))
        found[kind] = [
            Copy(make(case, cases[other], chance), (at, other))
            for (at, case), other in zip(enumerate(cases), second, strict=True)
        ]
    return found


def index_of(cases: Sequence[Proposal], site: Site) -> tuple[SimilarityIndex, BlockFeatures, csr_matrix]:
    """Index cases by their position, with the features they were made with and their rows."""
    features = BlockFeatures(default_tokenizer(site.user_words))
    rows = features.fit_transform([case.text for case in cases])
    named = [OtherCase(str(at)) for at in range(len(cases))]
    return SimilarityIndex.build(features, rows, named), features, rows


def recognised(
    copies: Sequence[Copy], index: SimilarityIndex, rows: csr_matrix, least: float
) -> tuple[float, float]:
    """Return the share of copies told as their own source, and the share told as another case."""
    right = wrong = 0
    for copy, found in zip(copies, index.search(rows, 1), strict=True):
        if found and found[0].similarity >= least_similarity(copy.text, least):
            right += (own := int(found[0].case.case_id) in copy.sources)
            wrong += not own
    return right / len(copies), wrong / len(copies)


def apart(cases: Sequence[Proposal], index: SimilarityIndex, rows: csr_matrix) -> NDArray[np.float64]:
    """Return each case's similarity to its nearest other one that it was not merged with."""
    group = [case.extra.get("merge_group", "") for case in cases]
    highest = np.zeros(len(cases))
    for at, found in enumerate(index.search(rows, _LARGEST_GROUP)):
        others = (
            s for s in found if (other := int(s.case.case_id)) != at and not group[at] == group[other] != ""
        )
        highest[at] = next((s.similarity for s in others), 0.0)
    return highest


def merged_similarity(
    cases: Sequence[Proposal], index: SimilarityIndex, rows: csr_matrix
) -> NDArray[np.float64]:
    """Return for each case that was really merged the similarity to the nearest of its group."""
    group = np.array([case.extra.get("merge_group", "") for case in cases])
    in_group = np.flatnonzero(group != "")
    highest = np.zeros(len(cases))
    for at, pairs in zip(in_group, index.pairs(rows[in_group], 1e-6), strict=True):
        same = [similarity for other, similarity in pairs if group[in_group[other]] == group[at]]
        highest[at] = max(same, default=0.0)
    return highest[in_group]


def made_cases(cases: Sequence[Proposal], n: int, seed: int = 0) -> Iterator[str]:
    """Yield texts of about 400 characters, put together from sentences of the cases."""
    chance = random.Random(seed)
    said = [sentence for case in cases for sentence in sentences(case.body)]
    for _ in range(n):
        body = ""
        while len(body) < _LENGTH:
            body += chance.choice(said)
        yield case_text(chance.choice(cases).title, body)


def made_rows(cases: Sequence[Proposal], features: BlockFeatures, n: int) -> csr_matrix:
    """Return the feature rows of made cases."""
    texts = made_cases(cases, n)
    parts = []
    for at in track(range(0, n, _MADE_AT_ONCE), f"造 {n:,} 件", console=Console(stderr=True)):
        some = [next(texts) for _ in range(min(_MADE_AT_ONCE, n - at))]
        parts.append(features.transform(some))
    return vstack(parts).tocsr()


def milliseconds(ask: Callable[[int], object]) -> float:
    """Return the median time of asking about one of the queries."""
    ask(0)
    taken = []
    for at in range(_QUERIES):
        started = time.perf_counter()
        ask(at)
        taken.append(time.perf_counter() - started)
    return 1000 * float(np.median(taken))


def speeds(index: SimilarityIndex, queries: csr_matrix) -> dict[str, float]:
    """Return milliseconds a query of the index, and of both products with all cases."""
    by_case = index.postings.T.tocsr()

    def compared(at: int) -> csr_matrix:
        row = queries[at]
        return row.multiply(index.compared).tocsr()

    def dense(at: int) -> object:
        scores = by_case @ compared(at).toarray()[0]
        return np.argpartition(-scores, _MOST)[:_MOST]

    def sparse(at: int) -> object:
        scores = compared(at) @ index.postings
        return np.argpartition(-scores.data, _MOST)[:_MOST] if scores.nnz > _MOST else scores

    return {
        "索引": milliseconds(lambda at: index.search(queries[at], _MOST)),
        "稀疏全积": milliseconds(sparse),
        "稠密全积": milliseconds(dense),
    }


def print_speed(cases: Sequence[Proposal], features: BlockFeatures, sizes: Sequence[int]) -> None:
    """Print the table of speeds."""
    rows = made_rows(cases, features, max(sizes))
    queries = features.transform(list(made_cases(cases, _QUERIES, seed=1)))
    click.echo("每次查询的毫秒数（中位数，单核）")
    for n in sizes:
        index = SimilarityIndex.build(features, rows[:n], [OtherCase(str(at)) for at in range(n)])
        postings = index.postings
        size = (postings.data.nbytes + postings.indices.nbytes + postings.indptr.nbytes) / 1e6
        told = "  ".join(f"{name} {value:.2f}" for name, value in speeds(index, queries).items())
        click.echo(f"{n:>9,} 件  {told}  索引 {size:.1f} MB")


def print_merging(
    cases: Sequence[Proposal], index: SimilarityIndex, features: BlockFeatures, rows: csr_matrix
) -> None:
    """Print how surely near-copies are told from other cases, at several thresholds."""
    copies = near_copies(cases)
    copied = {kind: features.transform([c.text for c in some]) for kind, some in copies.items()}
    nearest, merged = apart(cases, index, rows), merged_similarity(cases, index, rows)
    click.echo(f"同一件事的识别：每类仿写 {len(cases)} 件；误报：{len(cases)} 件原件各自对其余各件")
    click.echo("查准有二：仿写与原件一样多时；十件中一件是仿写时")
    for least in _THRESHOLDS:
        shares = {kind: recognised(copies[kind], index, copied[kind], least) for kind in KINDS}
        recall, wrong = np.mean(list(shares.values()), axis=0).tolist()
        alarms = float(
            np.mean([s >= least_similarity(c.text, least) for s, c in zip(nearest, cases, strict=True)])
        )
        equal, tenth = precision(recall, wrong, alarms, 0.5), precision(recall, wrong, alarms, 0.1)
        found = "  ".join(f"{kind} {share:.3f}" for kind, (share, _) in shares.items())
        real = f"真并案 {(merged >= least).mean():.3f}（{len(merged)} 件）  " if len(merged) else ""
        mark = " ← 默认" if least == SAME_MATTER else ""
        click.echo(
            f"{least:.2f}  查全 {found}  {real}误报 {alarms:.4f}  查准 {equal:.3f} / {tenth:.3f}{mark}"
        )


def precision(recall: float, wrong: float, alarms: float, share: float) -> float:
    """Return the share of right ones among those told, where `share` of all cases are near-copies.

    Examples
    --------
    >>> precision(recall=0.9, wrong=0.0, alarms=0.1, share=0.1)
    0.5
    """
    told = share * (recall + wrong) + (1 - share) * alarms
    return share * recall / told if told else float("nan")


@click.command(
    help="量相似案件的查找速度，以及识别同一件事的查准查全。FOLDER 是案件表所在目录，默认为样例站点。\n\n"
    "Measure how fast similar cases are found and how surely the same matter is recognised."
)
@click.argument("folder", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--sizes",
    default="1000,10000,100000",
    show_default=True,
    help="量速度的件数，逗号分隔；0 为不量 · numbers of cases, 0 for no timing",
)
def main(folder: Path | None, sizes: str) -> None:
    """Print both tables."""
    site = load_site(sample_site())
    cases, _ = read_cases([folder or sample_site() / "cases"])
    index, features, rows = index_of(cases, site)
    print_merging(cases, index, features, rows)
    wanted = [int(size) for size in sizes.split(",")]
    if max(wanted) > 0:
        print_speed(cases, features, wanted)


if __name__ == "__main__":
    main()
