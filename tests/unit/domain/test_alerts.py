from datetime import UTC, datetime, timedelta

from framemill.domain.alerts import Manner, Standing, Told, retry_after

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MANNER = Manner(steady=timedelta(minutes=5), quiet=timedelta(hours=1))


def _told(*looks: tuple[int, bool]) -> list[tuple[int, str]]:
    """What is told after looks at these minutes, each of which found something wrong or not."""
    standing, told = Standing(), []
    for minute, wrong in looks:
        now = NOON + timedelta(minutes=minute)
        standing = standing.seen(wrong=wrong, now=now, manner=MANNER)
        if standing.to_tell is not None:
            told.append((minute, str(standing.to_tell)))
            standing = standing.said(standing.to_tell, now=now)
    return told


def test_what_is_wrong_for_long_is_told_once_and_that_it_is_over_once() -> None:
    looks = [(minute, minute < 300) for minute in range(400)]

    assert _told(*looks) == [(5, "firing"), (305, "resolved")]


def test_what_passes_at_once_is_not_told() -> None:
    assert _told((0, True), (4, True), (4, False), (10, False), (20, True), (24, True), (30, False)) == []


def test_what_comes_and_goes_all_the_time_is_one_alert() -> None:
    assert _told(*((minute, minute % 4 < 2) for minute in range(200))) == [(5, "firing")]


def test_what_comes_back_soon_is_told_again_no_sooner_than_the_quiet_time() -> None:
    looks = [(0, True), (6, True), (10, False), (16, False), (20, True), (30, True), (65, True), (66, True)]

    assert _told(*looks) == [(6, "firing"), (16, "resolved"), (66, "firing")]


def test_what_was_never_told_is_not_told_to_be_over() -> None:
    standing = Standing().seen(wrong=True, now=NOON, manner=MANNER)
    later = NOON + timedelta(minutes=6)
    unheard = standing.seen(wrong=True, now=later, manner=MANNER)
    assert unheard.to_tell is Told.FIRING

    over = unheard
    for minutes in (7, 13):
        over = over.seen(wrong=False, now=NOON + timedelta(minutes=minutes), manner=MANNER)

    assert (over.since, over.to_tell) == (None, None)


def test_nobody_who_hears_is_asked_less_and_less_often() -> None:
    assert [retry_after(tries).total_seconds() for tries in (1, 2, 3, 99)] == [30, 60, 120, 3600]
