"""TensorFlow's import without its greeting, which C++ prints to standard error whatever the log level says."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


def tensorflow_quietly() -> None:
    """Imports TensorFlow and wakes its devices, where that is still to be done. Raises ImportError."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with dropped():
        import tensorflow as tf

        tf.zeros(())


@contextlib.contextmanager
def dropped() -> Iterator[None]:
    """Inside, what is printed to standard error below Python is dropped; what Python's own code raises is not."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
