"""What a server's refusal means: an error with its reason, and how long it wants us to wait."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from framemill.errors import DownloadFailed, DownloadInterrupted
from framemill.fetch.exchange import Answer

_GONE = {404, 410}
_FORBIDDEN = {401, 402, 403, 407, 451}
_PASSING = {408, 425, 429}
_PAGES = frozenset(
    {
        *("text/html", "application/xhtml+xml", "application/vnd.apple.mpegurl", "application/x-mpegurl"),
        *("audio/mpegurl", "audio/x-mpegurl", "application/dash+xml"),
    }
)


def refusal(answer: Answer) -> DownloadFailed:
    """The error that an answer other than 200 and 206 means."""
    host, status = answer.target.host, answer.status
    if status in _GONE:
        return DownloadFailed(
            f"{host} does not have the file (HTTP {status})", reason="gone", hint="check the address"
        )
    if status in _FORBIDDEN:
        return DownloadFailed(
            f"{host} does not give the file to us (HTTP {status})",
            reason="forbidden",
            hint="the address may have expired, or need a login",
        )
    if status in _PASSING or status == 503:
        return DownloadInterrupted(
            f"{host} is busy (HTTP {status})", reason="busy", asked_s=asked_to_wait_s(answer)
        )
    if status >= 500:
        return DownloadInterrupted(f"{host} failed (HTTP {status})", reason="server")
    return DownloadFailed(f"{host} refused (HTTP {status})", reason="refused")


def asked_to_wait_s(answer: Answer, *, now: datetime | None = None) -> float:
    """Seconds that Retry-After asks for, 0 where it asks for none."""
    text = (answer.headers.get("Retry-After") or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    if until.tzinfo is None:
        return 0.0
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def refuse_encoded(answer: Answer) -> None:
    """DownloadFailed where the body is packed although we asked for it as it is."""
    coding = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if coding not in {"", "identity"}:
        raise DownloadFailed(f"{answer.target.host} packs the file ({coding[:20]})", reason="encoded")


def refuse_page(answer: Answer) -> None:
    """DownloadFailed (page) where the address is not of a file but of a page or a playlist."""
    kind = (answer.headers.get_content_type() or "").lower()
    if kind in _PAGES:
        raise DownloadFailed(
            f"{answer.target.host} gives a page or a playlist, not a file ({kind})",
            reason="page",
            hint="give the address of the file itself, or see FRAMEMILL_YTDLP",
        )


def too_large(limit: int) -> DownloadFailed:
    """The file is larger than may be fetched."""
    return DownloadFailed(
        f"the file is larger than {limit} bytes, the most that is fetched",
        reason="too_large",
        hint="the operator may raise FRAMEMILL_FETCH_MAX_BYTES",
    )
