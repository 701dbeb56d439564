"""What is logged of an error that nobody expected."""

import logging
import traceback

_log = logging.getLogger(__name__)


def log_place(error: Exception) -> None:
    """Log where an error arose and of which kind it is. Its message may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-8:]))
    _log.warning("%s at %s", type(error).__name__, where)
