from typing import Any

import pytest
import typer

from framemill.cli.retention_options import changed_rules, rules_told

NOTHING: dict[str, Any] = {"newest": None, "videos": None, "originals": None, "roles": None}


def test_what_is_given_is_laid_over_the_rules_that_hold() -> None:
    now = {"keep_newest": 5, "artifacts_days": {"proxy": 7, "clip": 1}}

    changed = changed_rules(
        now, newest=None, videos="365d", originals=" 30 ", roles=["stream=90D", "clip=ever"]
    )

    assert changed == {
        "keep_newest": 5,
        "videos_days": 365,
        "originals_days": 30,
        "artifacts_days": {"proxy": 7, "stream": 90},
    }
    assert now == {"keep_newest": 5, "artifacts_days": {"proxy": 7, "clip": 1}}


def test_where_no_rule_is_left_there_are_none() -> None:
    now = {"keep_newest": 5, "videos_days": 1, "artifacts_days": {"proxy": 7}}

    assert changed_rules(now, newest="all", videos="ever", originals="ever", roles=["proxy=ever"]) is None
    assert changed_rules(None, **NOTHING) is None


@pytest.mark.parametrize(
    "given",
    [
        {"newest": "some"},
        {"newest": "-1"},
        {"videos": "1w"},
        {"videos": ""},
        {"originals": "٣"},
        {"roles": ["proxy"]},
        {"roles": ["hls=3"]},
        {"roles": ["proxy=1.5"]},
    ],
)
def test_what_is_no_rule_is_a_usage_error(given: dict[str, Any]) -> None:
    with pytest.raises(typer.BadParameter):
        changed_rules(None, **{**NOTHING, **given})


def test_rules_are_told_as_sentences() -> None:
    rules = {"keep_newest": 3, "originals_days": 30, "artifacts_days": {"proxy": 7}}

    assert list(rules_told(None)) == ["everything is kept"]
    assert list(rules_told(rules)) == [
        "the newest 3 videos of each collection",
        "originals with renditions for 30 days",
        "proxy for 7 days",
    ]
