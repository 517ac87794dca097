import resource

from framemill.tools.limits import GIB, Limits, rlimits


def test_no_limit_is_above_what_this_process_may_set() -> None:
    for kind, (soft, hard) in rlimits(Limits(open_files=10**9)):
        _, ceiling = resource.getrlimit(kind)
        assert soft <= hard
        assert ceiling == resource.RLIM_INFINITY or hard <= ceiling


def test_processor_time_has_a_signal_before_the_kill() -> None:
    assert dict(rlimits(Limits(cpu_s=10)))[resource.RLIMIT_CPU] == (10, 15)


def test_what_has_no_cap_is_left_alone() -> None:
    free = Limits(cpu_s=None, memory_bytes=None, file_bytes=None, open_files=None)

    assert [kind for kind, _ in rlimits(free)] == [resource.RLIMIT_CORE]


def test_gpu_work_may_reserve_address_space() -> None:
    assert Limits(cap_address_space=False).address_bytes() is None
    assert (Limits(memory_bytes=GIB).address_bytes() or 0) > 4 * GIB
