"""Metrics in the words of Prometheus, whose library is loaded at the first scrape."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from framemill.telemetry.families import FAMILIES, Distribution, Family, Readings, Samples

if TYPE_CHECKING:
    from prometheus_client.core import Metric

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def rendered(readings: Readings) -> bytes:
    """Every family, with what `readings` has of it, and what the process itself uses."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Readings(readings))
    return generate_latest(registry)


class _Readings:
    """As Prometheus' registry asks for them."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> "Iterator[Metric]":
        for family in FAMILIES:
            yield _metric(family, self._readings.get(family.name, {}))


def _metric(family: Family, samples: Samples) -> "Metric":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.said, labels=family.labels)
        for labels, value in sorted(samples.items()):
            assert isinstance(value, Distribution)
            bounds = [*(f"{bound:g}" for bound in value.buckets), "+Inf"]
            counts = list(zip(bounds, map(float, accumulate(value.counts)), strict=True))
            histogram.add_metric(labels, counts, sum_value=value.total)
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.said, labels=family.labels)
    for labels, value in sorted(samples.items()):
        assert not isinstance(value, Distribution)
        metric.add_metric(labels, value)
    return metric
