from framemill.cli.hardware import told
from framemill.domain.hardware import Hardware, Trial


def test_what_ended_alike_shares_a_line() -> None:
    none = "the GPU has no encoder"
    found = Hardware(
        trials=(
            Trial(maker="nvenc", kind="encoder", name="h264_nvenc", codec="h264", reason=none),
            Trial(maker="nvenc", kind="encoder", name="hevc_nvenc", codec="hevc", bit_depth=10, reason=none),
            Trial(maker="nvenc", kind="decoder", name="h264 by cuda", codec="h264"),
        ),
        devices=("/dev/nvidia0",),
    )

    assert list(told(found, setting="auto")) == [
        "✗ NVIDIA  encoders  h264, hevc 10 bit  the GPU has no encoder",
        "✓ NVIDIA  decoders  h264               works",
        "",
        "devices: /dev/nvidia0",
        "used where a request does not say: auto (FRAMEMILL_HARDWARE)",
    ]
