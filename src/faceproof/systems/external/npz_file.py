"""Arrays of an npz file; none is unpacked beyond its real size or the available memory.

A header of a few bytes may claim any shape, and a few megabytes may unpack to gigabytes. The headers are therefore
compared with the sizes in the zip directory first, and these sizes with the available memory.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.plugins import described

_LONGEST_HEADER = 10_000  # as NumPy has it
_START = 12


@dataclass(frozen=True, slots=True)
class Claim:
    """The declared type and shape of an array in a file.

    Attributes:
        name: of the array.
        shape: its shape.
        dtype: its type.
        bytes: that it takes when unpacked, as counted in the zip directory.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    bytes: int


class NpzFile:
    """An npz file that is open for reading.

    Args:
        file: the open file.
        path: its path, for errors.
        expected: what it should hold, for errors: a sentence without its full stop.

    Raises:
        PeopleError: it is no zip file that can be read.
    """

    def __init__(self, file: io.BufferedReader, path: Path, expected: str) -> None:
        self.path, self._expected = path, expected
        try:
            self._archive = zipfile.ZipFile(file)
            self._members = {info.filename.removesuffix(".npy"): info for info in self._archive.infolist()}
        except Exception as error:  # zipfile raises many kinds on damaged files
            raise self._unreadable(described(error)) from error

    @property
    def names(self) -> list[str]:
        """Names of the arrays, sorted."""
        return sorted(self._members)

    def claim(self, name: str) -> Claim:
        """What the file says of an array, compared with the bytes that it has for it.

        Raises:
            PeopleError: it is no plain array, or its header claims another number of bytes than there are.
        """
        info = self._members[name]
        try:
            with self._archive.open(info) as member:
                head = io.BytesIO(member.read(_START + _LONGEST_HEADER))
            version = np.lib.format.read_magic(head)
            first = version == (1, 0)
            read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
            if version not in {(1, 0), (2, 0), (3, 0)}:
                raise ValueError(f"version {version} of npy")
            shape, _, dtype = read(head)
            sound = all(type(side) is int and side >= 0 for side in shape)
        except Exception as error:  # zipfile, zlib, ast and NumPy raise many kinds on damaged files
            raise self._unreadable(f"array {name}: {described(error)}") from error
        if dtype.hasobject:
            raise PeopleError(
                f"{self.path}: array {name} is pickled Python objects, which are not read, since that would run code. "
                f"Expected plain {'numbers' if name == 'template' else 'text'}: save it with "
                f"np.array(..., dtype={'np.float32' if name == 'template' else 'str'}).",
                path=self.path,
            )
        stored_bytes = info.file_size - head.tell()
        if not sound or math.prod(shape) * dtype.itemsize != stored_bytes:
            raise PeopleError(
                f"{self.path} is damaged: array {name} claims shape {shape} and dtype {dtype}, and the file has "
                f"{stored_bytes:,} bytes for it. Save it again.",
                path=self.path,
            )
        return Claim(name, shape, dtype, info.file_size)

    def unpack(self, names: Iterable[str]) -> Mapping[str, NDArray[Any]]:
        """Arrays by name; `claim` was asked of each before.

        Raises:
            PeopleError: the file is damaged.
        """
        arrays = {}
        for name in names:
            try:
                with self._archive.open(self._members[name]) as member:
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
            except MemoryError:
                raise
            except Exception as error:
                raise self._unreadable(f"array {name}: {described(error)}") from error
        return arrays

    def _unreadable(self, why: str) -> PeopleError:
        return PeopleError(f"{self.path} cannot be read as an npz file ({why}). {self._expected}.")
