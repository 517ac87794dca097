from framemill.commands.weighing import Scale
from framemill.domain.cuts import Mark


def test_packets_are_added_up_before_each_keyframe_in_decode_order() -> None:
    scale = Scale(stream=0, start_us=1_000_000)
    for line in (
        "0,1.000000,0.900000,500,K__",
        "1,1.000000,1.000000,10,K__",
        "0,1.200000,1.100000,50,___",
        "1,2.100000,2.100000,10,K__",
        "0,2.000000,1.900000,400,K__",
        "nonsense",
        "0,0.500000,0.400000,7,KD_",
    ):
        scale.take(line)

    found = scale.read()

    assert found.marks == (
        Mark(time_us=0, bytes_before=7, packets_before=1),
        Mark(time_us=1_000_000, bytes_before=567, packets_before=4),
    )
    assert (found.total_bytes, found.total_packets) == (977, 6)
