import threading

from framemill.errors import DatabaseUnavailable
from framemill.telemetry.health import OFF, OK, Checkup, Found


def test_each_part_has_a_state_and_a_code_that_says_why() -> None:
    def away() -> Found:
        raise DatabaseUnavailable

    def crash() -> Found:
        raise RuntimeError("postgresql://u:hunter2@db/mill")

    parts = Checkup(
        {
            "database": away,
            "storage": crash,
            "broker": lambda: OFF,
            "ffmpeg": lambda: OK,
            "workers": lambda: ("degraded", "no_workers"),
        },
        limit_s=30,
    ).look()

    assert {part.name: (part.state, part.code) for part in parts} == {
        "database": ("down", "database_unavailable"),
        "storage": ("down", "framemill_error"),
        "broker": ("off", None),
        "ffmpeg": ("ok", None),
        "workers": ("degraded", "no_workers"),
    }


def test_a_part_that_hangs_keeps_nobody_and_is_not_asked_twice() -> None:
    free, asked = threading.Event(), []

    def hang() -> Found:
        asked.append(1)
        free.wait(60)
        return OK

    checkup = Checkup({"storage": hang, "disk": lambda: OK}, limit_s=0.05)
    looks = [checkup.look(), checkup.look()]
    free.set()

    for parts in looks:
        assert {part.name: (part.state, part.code) for part in parts} == {
            "storage": ("down", "timeout"),
            "disk": ("ok", None),
        }
    assert asked == [1]


def test_a_part_that_comes_back_is_asked_anew() -> None:
    answers: list[Found] = [("degraded", "broker_unreachable"), OK]
    checkup = Checkup({"broker": lambda: answers.pop(0)}, limit_s=30)

    assert [checkup.look()[0].state, checkup.look()[0].state] == ["degraded", "ok"]
