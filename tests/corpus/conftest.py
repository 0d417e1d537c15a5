"""The sample bureau's ten years of cases, read once."""

from __future__ import annotations

import pytest

from benchmarks.corpus import Case, load_cases
from router.site import Site
from router.site_files import sample_site


@pytest.fixture(scope="session")
def ten_years(site: Site) -> list[Case]:
    return load_cases(sample_site() / "cases", site)


@pytest.fixture(scope="session")
def in_house(ten_years: list[Case]) -> list[Case]:
    return [case for case in ten_years if not case.outside]


@pytest.fixture(scope="session")
def bodies(ten_years: list[Case]) -> list[str]:
    return [case.proposal.body for case in ten_years]
