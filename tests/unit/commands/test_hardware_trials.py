import pytest

from framemill.commands.hardware_trials import meaning

NOISE = (
    "[vost#0:0/h264_nvenc @ 0x55aa] Task finished with error code: -22 (Invalid argument)",
    "[out#0/null @ 0x55aa] Nothing was written into output file, because ...",
    "Conversion failed!",
)


@pytest.mark.parametrize(
    ("said", "exit_code", "words"),
    [
        ("[h264_nvenc @ 0x5] Cannot load libcuda.so.1", 255, "no NVIDIA driver (libcuda.so.1 is not there)"),
        (
            "[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: unsupported device (2): (no details)",
            255,
            "the GPU has no encoder",
        ),
        ("[av1_nvenc @ 0x5] Codec not supported", 218, "the GPU has no encoder for this codec"),
        (
            "libva-drm.so.2: cannot open shared object file: No such file",
            134,
            "VA-API is not installed (libva-drm.so.2 is not there)",
        ),
        ("[AVHWDeviceContext @ 0x5] No VA display found for device", 1, "no GPU is reachable below /dev/dri"),
        ("[hevc_qsv @ 0x5] Error creating a MFX session: -9.", 1, "no Intel GPU or driver"),
        ("something happened", -11, "it crashed (SIGSEGV)"),
        ("something happened", 134, "it crashed (SIGABRT)"),
        ("[hevc_amf @ 0x5] the moon is in the wrong house", 1, "the moon is in the wrong house"),
        ("cannot open /home/ann/secret.bin", 1, "cannot open the file"),
    ],
)
def test_a_failed_trial_is_said_in_plain_words(said: str, exit_code: int, words: str) -> None:
    assert meaning((said, *NOISE), exit_code) == words


def test_a_program_that_said_nothing_is_known_by_its_exit_code() -> None:
    assert meaning((), 3) == "it ended with exit code 3"
