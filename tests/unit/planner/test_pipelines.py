from pathlib import Path

import pytest

from framemill.errors import InputNotFound, InvalidSpec
from framemill.planner.pipelines import PIPELINES, TEMPLATES, check_pipeline, load_pipeline


@pytest.mark.parametrize("name", [*PIPELINES, *TEMPLATES])
def test_every_built_in_pipeline_loads(name: str) -> None:
    assert load_pipeline(name)


def test_publish_is_what_a_player_needs() -> None:
    assert [spec.op for spec in load_pipeline("publish")] == [
        "ladder",
        "package",
        "thumbnails",
        "storyboard",
        "preview",
        "extract_audio",
    ]


def test_a_field_can_be_set_from_outside() -> None:
    specs = load_pipeline("publish", {"qualities": ["240p"], "ladder.crf": 30})

    assert specs[0].model_dump()["qualities"] == ("240p",)
    assert specs[0].model_dump()["crf"] == 30


def test_a_field_that_several_steps_have_must_be_named_with_its_step() -> None:
    with pytest.raises(InvalidSpec, match="6 steps can be set by 'output'"):
        load_pipeline("publish", {"output": "x"})


def test_a_pipeline_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nsteps:\n  - op: remove_audio\n")

    assert [spec.op for spec in load_pipeline(str(tmp_path / "mine.yaml"))] == ["remove_audio"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("steps: [", "bad.yaml, line 1: not YAML"),
        ("- op: cut", "is no pipeline"),
        ("steps: []\nsecret: 1", "unknown key 'secret'"),
        ("steps: [1]", "step 1 is not a mapping"),
        ("inputs: 5\nsteps: [{op: cut, parts: 2}]", "is a list of names"),
        ("steps: [{op: fly}]", "no operation 'fly'"),
        ("steps: [{op: ladder, crf: 99}]", "ladder: crf"),
        ("steps: [{op: ladder, wings: 2}]", "ladder: wings"),
        ("steps: [{op: ladder, output: ../../etc/x}]", "ladder: output"),
    ],
)
def test_a_mistake_in_a_pipeline_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)

    with pytest.raises(InvalidSpec, match=complaint):
        load_pipeline(str(tmp_path / "bad.yaml"))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InvalidSpec, match="publish"):
        load_pipeline("publsh")


def test_a_missing_file_is_said_to_be_missing() -> None:
    with pytest.raises(InputNotFound, match=r"no file 'nowhere\.yaml'"):
        load_pipeline("nowhere.yaml")


def test_every_mistake_is_found_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        """\
name: mine
steps:
  - op: transcode
    crf: 99
    profle: web_720p
  - op: thumbnails
    name: stills
    source: transcde
    when: hight > 720
  -
    op: cut
    every: 10m
    parts: 3
  - op: proxy
    name: stills
"""
    )

    specs, mistakes = check_pipeline(str(tmp_path / "mine.yaml"))

    assert [spec.name for spec in specs] == ["stills", "stills"]
    assert [(m.line, m.text.partition(";")[0]) for m in mistakes] == [
        (4, "transcode: crf: Input should be less than or equal to 63"),
        (5, "transcode: profle: there is no such field"),
        (8, "thumbnails: source: no earlier step is called 'transcde'"),
        (9, "thumbnails: when: 'hight > 720' is not a condition"),
        (11, "cut: give one of every, parts, max_size, at, chapters, scenes or ranges"),
        (15, "proxy: name: an earlier step or input is called 'stills' too"),
    ]


def test_further_inputs_and_parts_of_earlier_steps_may_be_sources(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "inputs: [intro]\nsteps:\n"
        "  - {op: ladder}\n"
        "  - {op: concat, sources: [intro, input, input_2, ladder.720p]}\n"
    )

    assert check_pipeline(str(tmp_path / "mine.yaml"))[1] == ()


def test_json_mistakes_have_lines_too(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"steps": [\n  {"op": "proxy"},\n  {"op": "fly"}\n]}')

    (mistake,) = check_pipeline(str(tmp_path / "mine.json"))[1]

    assert str(mistake) == "mine.json, line 3: fly: op: there is no operation 'fly'"


def test_setting_a_field_of_a_pipeline_with_mistakes_names_them(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("steps: [{op: ladder, name: [a]}, {op: fly}, {op: proxy}]")

    with pytest.raises(InvalidSpec, match=r"ladder: name: .*\(and 1 more mistakes\)"):
        load_pipeline(str(tmp_path / "bad.yaml"), {"proxy.crf": 30})
