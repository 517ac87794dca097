from framemill.commands.sprite_cues import cue_list
from framemill.domain.storyboard import Layout


def test_a_cue_names_a_rectangle_of_a_sheet() -> None:
    layout = Layout(
        duration_us=3_605_500_000, interval_us=1_800_000_000, columns=2, rows=1, width=160, height=90
    )

    assert cue_list(layout, sheet_name="sprite_%03d.jpg") == (
        "WEBVTT\n"
        "\n"
        "00:00:00.000 --> 00:30:00.000\n"
        "sprite_001.jpg#xywh=0,0,160,90\n"
        "\n"
        "00:30:00.000 --> 01:00:00.000\n"
        "sprite_001.jpg#xywh=160,0,160,90\n"
        "\n"
        "01:00:00.000 --> 01:00:05.500\n"
        "sprite_002.jpg#xywh=0,0,160,90\n"
    )
