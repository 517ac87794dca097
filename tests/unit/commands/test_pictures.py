from framemill.commands.pictures import picture_of, shown_at, untimed
from framemill.domain.smart import Picture


def test_a_line_is_a_picture_and_its_place_in_the_file() -> None:
    assert picture_of("3003,1001,48,K__\n") == (Picture(pts=3003, dts=1001, key=True, clean=True), "48")
    assert picture_of("-1024,N/A,N/A,___") == (Picture(pts=-1024, dts=None, key=False, clean=False), "N/A")


def test_what_an_edit_list_hides_is_no_picture() -> None:
    assert picture_of("0,-1001,48,KD_") is None
    assert not untimed("0,-1001,48,KD_")


def test_a_picture_without_a_time_of_its_own_is_noticed() -> None:
    assert picture_of("N/A,1001,48,K__") is None
    assert untimed("N/A,1001,48,K__")


def test_checksums_say_when_a_picture_is_shown() -> None:
    assert shown_at("0,      58058,      60060,     1001,     5000, 0xb7e59a4b") == 60060
    assert shown_at("#tb 0: 1/30000") is None
