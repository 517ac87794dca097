"""Moving a file away without ever putting it in another's place."""

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path


def move_away(file: Path, target: Path) -> Path:
    """Move `file` to `target`, or with a number the first name like it that is free; returns which.

    On another file system it is copied whole before it goes from here.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        name = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        try:
            # A link fails where the name is taken; a rename would replace what has it.
            os.link(file, name, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
                raise
            if os.path.lexists(name):
                continue
            _copy(file, name)
        file.unlink()
        return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def _copy(file: Path, target: Path) -> None:
    beside = target.with_name(f".{target.name}.part")
    try:
        shutil.copy2(file, beside, follow_symlinks=False)
        beside.rename(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
