from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framemill.domain.plan import Role
from framemill.domain.retention import (
    ROLES,
    Expired,
    Made,
    RetentionRules,
    Standing,
    as_json,
    expired,
    parse_rules,
)
from framemill.errors import InvalidSpec

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WATCHABLE = {"rendition", "hls", "dash"}


def _made(role: str, *, days: float, name: str | None = None) -> Made:
    return Made(id=name or role, role=role, created_at=NOW - days * DAY)


def _video(*artifacts: Made, days: float = 100, newer: int = 0, original: bool = True) -> Standing:
    return Standing(created_at=NOW - days * DAY, newer=newer, has_original=original, artifacts=artifacts)


def test_without_rules_everything_is_kept_for_ever() -> None:
    video = _video(_made("proxy", days=9999), days=9999, newer=9999)

    assert not expired(RetentionRules(), video, now=NOW)


def test_of_a_collection_the_newest_stay() -> None:
    rules = RetentionRules(keep_newest=3)

    assert not expired(rules, _video(newer=2), now=NOW)
    assert expired(rules, _video(newer=3), now=NOW) == Expired(video="3 newer ones are in its collection")


def test_a_video_goes_at_the_end_of_its_last_day() -> None:
    rules = RetentionRules(videos_days=30)

    assert not expired(rules, _video(days=29.99), now=NOW)
    assert expired(rules, _video(days=30), now=NOW) == Expired(video="older than 30 days")


@pytest.mark.parametrize("role", sorted(WATCHABLE))
def test_an_original_goes_only_where_there_are_renditions(role: str) -> None:
    rules = RetentionRules(originals_days=7)

    assert not expired(rules, _video(_made("proxy", days=0), _made("thumbnail", days=0)), now=NOW)
    assert not expired(rules, _video(_made(role, days=0), days=6), now=NOW)
    assert not expired(rules, _video(_made(role, days=0), original=False), now=NOW)
    gone = expired(rules, _video(_made(role, days=0)), now=NOW)
    assert gone == Expired(original="older than 7 days, and there are renditions")


def test_what_was_made_goes_by_its_role_and_its_own_age() -> None:
    rules = RetentionRules(artifacts_days={"proxy": 14, "clip": 1})
    video = _video(
        _made("proxy", days=14, name="old"),
        _made("proxy", days=13, name="new"),
        _made("clip", days=1),
        _made("thumbnail", days=99),
    )

    assert expired(rules, video, now=NOW) == Expired(
        artifacts={"old": "proxy older than 14 days", "clip": "clip older than 1 day"}
    )


def test_streams_go_together_when_the_last_of_them_is_old() -> None:
    rules = RetentionRules(artifacts_days={"stream": 10})

    assert not expired(rules, _video(_made("hls", days=99), _made("dash", days=9)), now=NOW)
    gone = expired(rules, _video(_made("hls", days=99), _made("dash", days=10)), now=NOW)
    assert set(gone.artifacts) == {"hls", "dash"}


def test_renditions_stay_where_the_original_has_gone_or_goes_now() -> None:
    rules = RetentionRules(originals_days=50, artifacts_days={"rendition": 10, "proxy": 10})
    made = (_made("rendition", days=60), _made("proxy", days=60))

    assert set(expired(rules, _video(*made, days=49), now=NOW).artifacts) == {"rendition", "proxy"}
    assert expired(rules, _video(*made, days=60), now=NOW).original is not None
    assert set(expired(rules, _video(*made, days=60), now=NOW).artifacts) == {"proxy"}
    assert set(expired(rules, _video(*made, original=False), now=NOW).artifacts) == {"proxy"}


_DAYS = st.none() | st.integers(0, 40)
_RULES = st.builds(
    RetentionRules,
    originals_days=_DAYS,
    artifacts_days=st.dictionaries(st.sampled_from(ROLES), st.integers(1, 40)),
)
_MADE = st.builds(
    Made,
    id=st.uuids().map(str),
    role=st.sampled_from([str(role) for role in Role]),
    created_at=st.integers(0, 60).map(lambda days: NOW - days * DAY),
)


@given(
    _RULES,
    st.builds(
        Standing,
        created_at=st.integers(0, 60).map(lambda days: NOW - days * DAY),
        newer=st.integers(0, 5),
        has_original=st.booleans(),
        artifacts=st.lists(_MADE, max_size=6),
    ),
)
def test_rules_about_parts_always_leave_a_way_to_watch_what_could_be_watched(
    rules: RetentionRules, video: Standing
) -> None:
    gone = expired(rules, video, now=NOW)

    left = [made for made in video.artifacts if made.id not in gone.artifacts]
    watchable = any(made.role in WATCHABLE for made in video.artifacts) or video.has_original
    still = any(made.role in WATCHABLE for made in left) or (video.has_original and gone.original is None)
    assert gone.video is None
    assert still == watchable


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"keep_newest": 3},
        {"videos_days": 365, "originals_days": 0, "artifacts_days": {"proxy": 14, "stream": 90}},
    ],
)
def test_rules_are_read_and_written_the_same(data: dict[str, Any]) -> None:
    assert as_json(parse_rules(data)) == data


def test_what_is_not_set_is_not_written() -> None:
    assert as_json(parse_rules({"keep_newest": None, "artifacts_days": {"proxy": None}})) == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"keep": 1}, "no rule 'keep'"),
        ({"keep_newest": 0}, "from 1 to"),
        ({"keep_newest": True}, "not 'True'"),
        ({"videos_days": "7"}, "videos_days is a whole number"),
        ({"videos_days": 0}, "from 1 to 36500"),
        ({"videos_days": 36_501}, "from 1 to 36500"),
        ({"originals_days": -1}, "from 0 to"),
        ({"artifacts_days": {"hls": 3}}, "nothing has the role 'hls'"),
        ({"artifacts_days": {"intermediate": 3}}, "nothing has the role"),
        ({"artifacts_days": {"proxy": 1.5}}, "artifacts_days of proxy"),
        ({"artifacts_days": [1]}, "names roles and days"),
    ],
)
def test_what_is_no_rule_is_told(data: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSpec, match=said):
        parse_rules(data)
