from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from framemill.domain.costs import Cost, Prices
from framemill.domain.usage import byte_seconds, gb_months, used, whole_days

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("since", "until", "whole"),
    [
        (NOON, NOON + DAY, (MIDNIGHT, MIDNIGHT + 2 * DAY)),
        (MIDNIGHT, MIDNIGHT + DAY, (MIDNIGHT, MIDNIGHT + DAY)),
        (NOON, NOON, (MIDNIGHT, MIDNIGHT + DAY)),
    ],
)
def test_a_range_touches_whole_days(
    since: datetime, until: datetime, whole: tuple[datetime, datetime]
) -> None:
    assert whole_days(since, until) == whole


def test_a_day_that_was_not_measured_is_as_the_one_before_it() -> None:
    measured = {date(2026, 11, 3): 10, date(2026, 11, 5): 0}

    kept = byte_seconds(7, measured, since=MIDNIGHT, until=MIDNIGHT + 5 * DAY)

    assert kept == (7 + 10 + 10 + 0 + 0) * 86_400


def test_a_day_that_is_not_over_counts_as_far_as_it_has_gone() -> None:
    assert byte_seconds(2, {}, since=MIDNIGHT, until=NOON) == 2 * 43_200


def test_a_gigabyte_for_thirty_days_is_one_gb_month() -> None:
    assert gb_months(1_000_000_000 * 30 * 86_400) == 1


def test_what_was_kept_and_sent_has_a_price() -> None:
    prices = Prices(gb_month=Decimal("0.02"), gb_egress=Decimal("0.01"))

    cost = used(compute=5, stored=2_000_000_000 * 15 * 86_400, served=3_000_000_000, prices=prices)

    assert cost == Cost(compute=5, storage=20_000, bandwidth=30_000)
