"""A rule on a column that fenban has no name for: the postal code of whoever filed the case."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from router.decision import Candidate, Vote, VoteKind
from router.proposal import Proposal

__all__ = ["PostalDistrictRule"]


class PostalDistrictRule:
    """Asks a section to co-handle what comes from certain postal districts.

    Parameters
    ----------
    name : str
        What the rule file calls the rule.
    target : str
        Section that co-handles; fenban has put its id for its name already.
    reason : str
        Why, for the clerk.
    prefixes : sequence of str
        First digits of the postal codes.
    column : str
        The column they stand in.

    Raises
    ------
    ValueError
        With a sentence for whoever wrote the rule.

    Examples
    --------
    >>> rule = PostalDistrictRule("乡镇代表", "villages", "代表来自乡镇", prefixes=["6117"])
    >>> case = Proposal(title="修路", extra={"邮编": "611732"})
    >>> [(vote.kind.value, vote.target) for vote in rule.evaluate(case, ())]
    [('co_handle', 'villages')]
    """

    def __init__(
        self,
        name: str = "",
        target: str = "",
        reason: str = "",
        *,
        prefixes: Sequence[str] = (),
        column: str = "邮编",
    ) -> None:
        for key, value in (("name", name), ("target", target), ("reason", reason), ("column", column)):
            if not value:
                raise ValueError(f"缺少 {key}")
        if isinstance(prefixes, str) or not prefixes or not all(map(_is_prefix, prefixes)):
            raise ValueError(f'prefixes 应为一列邮编开头的数字，如 ["6117"]，现为 {prefixes!r}')
        self.name = name
        self._vote = Vote(name, VoteKind.CO_HANDLE, target, reason)
        self._prefixes, self._column = tuple(prefixes), column

    def evaluate(self, proposal: Proposal, candidates: Sequence[Candidate]) -> Iterator[Vote]:
        """Vote where the postal code begins as asked."""
        code = unicodedata.normalize("NFKC", proposal.extra.get(self._column, "")).strip()
        if code.startswith(self._prefixes):
            yield self._vote


def _is_prefix(written: object) -> bool:
    return isinstance(written, str) and written.isascii() and written.isdigit()
