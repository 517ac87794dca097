"""Writes the WebVTT index of a storyboard's sheets, after looking whether they hold what it will say."""

import json

from framemill.commands.sprite_cues import cue_list
from framemill.domain.storyboard import Layout
from framemill.engine.images import read_picture
from framemill.engine.workbench import Workbench
from framemill.errors import OutputInvalid


def index(bench: Workbench, argv: tuple[str, ...]) -> None:
    """`storyboard_index SHEETS TARGET WISH`: numbered sheets below out/, and what is published of them.

    WISH is JSON: the `layout`, and `published`, the sheets' names for players.
    Raises OutputInvalid where a cue would point at a sheet, or a place in it, that is not there.
    """
    sheets, target, wish_text = argv
    wish = json.loads(wish_text)
    layout = Layout(**wish["layout"])
    sizes = {}
    for number in range(1, layout.sheets + 1):
        path = bench.scratch / "out" / (sheets % number)
        if not path.is_file():
            raise OutputInvalid(f"{path.name!r} was promised but was not made")
        picture = read_picture(path)
        sizes[number] = (picture.width, picture.height)
    for cue in layout.cues():
        across, down = sizes[cue.sheet]
        if cue.x + layout.width > across or cue.y + layout.height > down:
            raise OutputInvalid(
                f"sheet {cue.sheet} is {across}x{down}: the picture at {cue.x},{cue.y} is not in it"
            )
    text = cue_list(layout, sheet_name=wish["published"])
    (bench.scratch / "out" / target).write_text(text, encoding="utf-8")
