"""Where every deliberate error comes from."""

from typing import ClassVar


class FramemillError(Exception):
    """Something went wrong inside Framemill."""

    code: ClassVar[str] = "framemill_error"
    # Transient: the same request may succeed later, so a worker tries again.
    transient: ClassVar[bool] = False

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or self.code).strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message
