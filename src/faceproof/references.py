"""What ``package.module:name`` leads to: functions and models of the user's own."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

from faceproof.errors import ConfigurationError


def is_reference(text: str) -> bool:
    """Whether a text has the form ``package.module:name``.

    >>> is_reference("mine.models:best"), is_reference("facenet-vggface2"), is_reference("C:/model.onnx")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text) is not None


def imported(reference: str) -> Any:
    """The object that a reference leads to; the current folder counts, as it does for ``python -m``.

    Raises:
        ConfigurationError: the module cannot be imported, or has no such name.
    """
    if not is_reference(reference):
        raise ConfigurationError(f"{reference!r} leads nowhere. Expected package.module:name.")
    module, _, name = reference.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return getattr(importlib.import_module(module), name)
    except AttributeError as error:
        raise ConfigurationError(f"{reference}: the module has no {name!r}.") from error
    except Exception as error:  # whatever a user's module raises when it is run
        raise ConfigurationError(f"{reference}: the module cannot be imported ({error}).") from error
