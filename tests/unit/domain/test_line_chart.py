"""The chart is XML that says what the values are."""

from xml.etree import ElementTree

from framemill.domain.line_chart import Line, line_chart

_SVG = "{http://www.w3.org/2000/svg}"


def _drawn(text: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(text).iter(_SVG + tag))  # noqa: S314 (our own text)


def _words(text: str) -> list[str]:
    return [item.text or "" for item in _drawn(text, "text")]


def test_each_line_has_a_panel_with_its_own_axis() -> None:
    times = [0, 1_000_000, 2_000_000]

    text = line_chart(
        times, [Line(label="VMAF", values=[90, 80, 95], ceiling=100), Line(label="a<b", values=[1, 2, 3])]
    )

    lines = _drawn(text, "polyline")
    assert [line.attrib["points"].split()[0].split(",")[0] for line in lines] == ["56.0", "56.0"]
    heights = [float(point.split(",")[1]) for point in lines[0].attrib["points"].split()]
    assert heights[1] > heights[0] > heights[2]
    assert {"VMAF", "a<b", "time", "0 s", "2 s"} <= set(_words(text))


def test_no_point_lies_outside_its_panel() -> None:
    text = line_chart([0, 1, 2], [Line(label="VMAF", values=[99.99, 100, 100], ceiling=100)])

    heights = [float(p.split(",")[1]) for p in _drawn(text, "polyline")[0].attrib["points"].split()]
    assert all(12 <= height <= 132 for height in heights)
    assert "100" in _words(text)


def test_equal_values_and_a_single_picture_can_be_drawn() -> None:
    text = line_chart([5_000_000], [Line(label="PSNR", values=[60.0], ceiling=60)])

    assert len(_drawn(text, "circle")) == 1
    assert "60" in _words(text)


def test_a_long_film_is_drawn_in_few_points_with_its_range() -> None:
    values = [50.0 if n == 70_000 else 90.0 for n in range(200_000)]

    text = line_chart([n * 40_000 for n in range(200_000)], [Line(label="VMAF", values=values, ceiling=100)])

    assert len(text) < 60_000
    (band,) = _drawn(text, "polygon")
    lowest = max(float(point.split(",")[1]) for point in band.attrib["points"].split())
    assert lowest > 100
    assert any(word.startswith("1:") for word in _words(text))
