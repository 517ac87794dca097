from framemill.commands.opening import entry
from tests.builders import a_film


def test_an_index_leads_to_the_keyframe_before() -> None:
    assert entry(a_film(), 60_000_000) == 60_000_000


def test_without_one_reading_begins_earlier_or_at_the_start() -> None:
    stream = a_film(container="mpegts")
    sparse = a_film(container="mpegts", keyframe_interval_us=12_000_000)
    broken = a_film(declared_duration_us=90_000_000)

    assert entry(stream, 60_000_000) == 50_000_000
    assert entry(stream, 8_000_000) == 0
    assert entry(sparse, 60_000_000) == 36_000_000
    assert entry(broken, 60_000_000) == 50_000_000
