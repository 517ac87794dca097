"""Puts the web UI into the wheel. A wheel without one is not built; an editable install does without."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import build_web


class WebUi(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before the files of a wheel are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the UI, and name it: git ignores it, so hatchling would leave it out."""
        if version == "editable":
            return
        build_web.build()
        if not (build_web.BUILT / "index.html").is_file():
            raise build_web.CannotBuild("the web UI was built, and there is no index.html")
        build_data["artifacts"].append("src/framemill/web_ui/**")
