"""A backup as one tar file: written whole or not at all, unpacked only where it is what it says."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from app.adapters.witness_file import sync_folder
from app.domain.backup import MANIFEST, OTHER, Manifest, Member, read_manifest
from app.errors import BackupUnusable, StorageUnavailable

CHUNK = 1024 * 1024
LARGEST_MANIFEST = 256 * CHUNK


class TarArchive:
    """Plain tar: PDFs are compressed already, and every system can look into it."""

    def write(
        self,
        target: Path,
        files: Iterable[tuple[str, Path]],
        finish: Callable[[list[Member]], Manifest],
    ) -> Manifest:
        """Write files (name within, path) and then the manifest that `finish` makes of them.

        A file that vanishes meanwhile is left out. Readable for its owner alone.

        Raises:
            StorageUnavailable: it could not be written; nothing is left of it.
        """
        part = ""
        try:
            fd, part = tempfile.mkstemp(
                dir=target.parent, prefix=f".{target.name}.", suffix=".part"
            )
            with os.fdopen(fd, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
                members = [done for name, path in files if (done := _add(tar, name, path))]
                manifest = finish(members)
                data = manifest.model_dump_json().encode()
                tar.addfile(_entry(MANIFEST, len(data)), io.BytesIO(data))
                tar.close()
                raw.flush()
                os.fsync(raw.fileno())
            Path(part).replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise StorageUnavailable(
                f"the backup {target} could not be written ({error.strerror})",
                mend="check that its folder exists, can be written and has room",
            ) from error
        finally:
            Path(part).unlink(missing_ok=True) if part else None
        return manifest

    def read(self, source: Path, folder: Path) -> Manifest:
        """Unpack a backup into an empty folder, after every hash was compared.

        Only the files that its manifest names are written, under names that `domain.backup` allows
        and in the sizes that it says; links, devices and whatever else a tar file can hold are not.

        Raises:
            BackupUnusable: it is no backup, or not as it was written.
        """
        try:
            with tarfile.open(source, "r:") as tar:
                manifest = _manifest_of(tar)
                wanted = {member.name: member for member in manifest.members}
                for entry in tar:
                    member = wanted.pop(entry.name, None)
                    if member is not None and entry.isreg() and entry.size == member.size:
                        _unpack(tar, entry, member, folder)
                    elif entry.name != MANIFEST:
                        raise BackupUnusable(f"{entry.name[:80]!r} is not as it says", mend=OTHER)
        except (tarfile.TarError, EOFError) as error:
            raise BackupUnusable(f"{source} is no whole backup ({error})", mend=OTHER) from error
        except OSError as error:
            raise BackupUnusable(
                f"{source}: {error.strerror}", mend="see its path and room"
            ) from error
        if wanted:
            raise BackupUnusable(f"{next(iter(wanted))} is missing in it", mend=OTHER)
        return manifest


def _manifest_of(tar: tarfile.TarFile) -> Manifest:
    try:
        entry = tar.getmember(MANIFEST)
    except KeyError:
        raise BackupUnusable("it has no manifest", mend=OTHER) from None
    file = tar.extractfile(entry) if entry.isreg() and entry.size < LARGEST_MANIFEST else None
    if file is None:
        raise BackupUnusable("its manifest is no file", mend=OTHER)
    return read_manifest(file.read())


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, member: Member, folder: Path) -> None:
    target, source = folder / member.name, tar.extractfile(entry)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        digest = hashlib.sha256()
        while source is not None and (chunk := source.read(CHUNK)):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != member.sha256:
        raise BackupUnusable(f"{member.name} was changed or damaged", mend=OTHER)


class _Hashing:
    """Reads a file and hashes what went by."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, path: Path) -> Member | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        stat = os.fstat(file.fileno())
        size, entry = stat.st_size, _entry(name, stat.st_size)
        entry.mtime = int(stat.st_mtime)
        hashing = _Hashing(file)
        tar.addfile(entry, hashing)  # type: ignore[arg-type]
    return Member(name=name, size=size, sha256=hashing.digest.hexdigest())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry
