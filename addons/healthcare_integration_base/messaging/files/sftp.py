# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A folder on an SFTP server whose host key is known beforehand."""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import io
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import paramiko

from ..address import AddressPolicy
from ..errors import MessageError
from . import names
from .connect import connect
from .names import PART, FileInfo

_CODES = {errno.ENOENT: "file_missing", errno.EACCES: "store_denied", errno.EPERM: "store_denied"}
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
_CHUNK = 32_768


@dataclass(frozen=True, slots=True)
class Login:
    """Where a server is and how Odoo proves itself to it, and the server to Odoo.

    :param host_keys: lines such as ``ssh-ed25519 AAAA…``, one of which has to be the server's
    :param private_key: in OpenSSH or PEM form; taken rather than the password
    :param timeout: seconds that each step may take
    """

    host: str
    port: int
    user: str
    host_keys: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    timeout: float = 15
    allow_private: bool = False


def parse_host_keys(text: str) -> list[tuple[str, bytes]]:
    """Kind and bytes of each key; a host name before it, as ssh-keyscan writes, is skipped.

    :raise ValueError: nothing is there, or a line is no key
    """
    found = []
    for line in text.splitlines():
        words = [word for word in line.split() if word]
        if not words or words[0].startswith("#"):
            continue
        at = next((i for i, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), None)
        if at is None or at + 1 >= len(words):
            raise ValueError("no host key")
        try:
            blob = base64.b64decode(words[at + 1], validate=True)
            paramiko.PKey.from_type_string(words[at], blob)
        except (binascii.Error, ValueError, paramiko.SSHException):
            raise ValueError("no host key") from None
        found.append((words[at], blob))
    if not found:
        raise ValueError("no host key")
    return found


def fingerprint(blob: bytes) -> str:
    """As ssh-keygen shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def parse_private_key(text: str) -> paramiko.PKey:
    """The key, whatever its kind.

    :raise ValueError: it is none, or it has a passphrase
    """
    for kind in _KEYS:
        try:
            found: paramiko.PKey = kind.from_private_key(io.StringIO(text.strip() + "\n"))
            return found
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise ValueError("no private key")


class Sftp:
    """:param path: folder on the server, from its root or from where the user arrives

    :raise MessageError: ``file_name_refused``
    """

    def __init__(self, login: Login, path: str) -> None:
        self._login = login
        lead = "/" if path.startswith("/") else ""
        self._path = lead + "/".join(names.parts(path)) or "."
        self._client: paramiko.SFTPClient | None = None

    @contextmanager
    def session(self) -> Iterator[Sftp]:
        """A connection, for all that is done meanwhile."""
        with _told():
            with _transport(self._login) as transport:
                client = paramiko.SFTPClient.from_transport(transport)
                if client is None:
                    raise MessageError("store_unreachable")
                with client:
                    channel = client.get_channel()
                    if channel is not None:
                        channel.settimeout(self._login.timeout)
                    self._client = client
                    try:
                        yield self
                    finally:
                        self._client = None

    def listing(self, pattern: str) -> list[FileInfo]:
        """Plain files that match, the oldest first."""
        found = self._sftp.listdir_attr(self._path)
        plain = [one for one in found if stat.S_ISREG(one.st_mode or 0)]
        return names.chosen([_info(one.filename, one) for one in plain], pattern)

    def info(self, name: str, sub: str = "") -> FileInfo | None:
        """The file, if it is there."""
        try:
            told = self._sftp.lstat(self._at(name, sub))
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(told.st_mode or 0):
            raise MessageError("file_name_refused")
        return _info(name, told)

    def fetch(self, name: str, most: int, sub: str = "") -> bytes:
        """All of a file; see :meth:`.folder.Folder.fetch`."""
        before = self._regular(name, sub)
        if before.size > most:
            raise MessageError("file_too_large")
        with self._sftp.open(self._at(name, sub), "rb") as file:
            file.prefetch(before.size)
            raw = bytes(file.read(before.size))
        if len(raw) != before.size or self._regular(name, sub) != before:
            raise MessageError("file_changed")
        return raw

    def put(self, name: str, raw: bytes) -> None:
        """A file that is there as a whole or not at all."""
        part = self._at(name + PART)
        with self._sftp.open(part, "wb") as file:
            file.set_pipelined(True)
            for start in range(0, len(raw), _CHUNK):
                file.write(raw[start : start + _CHUNK])
        if self._sftp.stat(part).st_size != len(raw):
            raise MessageError("store_unreachable")
        self._rename(part, self._at(name))

    def move(self, name: str, sub: str, new_name: str) -> None:
        """Into a folder beside it, which is made."""
        try:
            self._sftp.mkdir(self._at(sub), 0o750)
        except OSError:
            if not stat.S_ISDIR(self._sftp.lstat(self._at(sub)).st_mode or 0):
                raise MessageError("file_name_refused") from None
        self._rename(self._at(name), self._at(new_name, sub))

    def delete(self, name: str) -> None:
        """Away with it."""
        self._sftp.remove(self._at(name))

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        if self._client is None:
            raise MessageError("store_unreachable")
        return self._client

    def _regular(self, name: str, sub: str) -> FileInfo:
        found = self.info(name, sub)
        if found is None:
            raise MessageError("file_missing")
        return found

    def _at(self, name: str, sub: str = "") -> str:
        return posixpath.join(self._path, *names.parts(sub), names.check(name))

    def _rename(self, old: str, new: str) -> None:
        """Over what is there, where the server can (OpenSSH's extension)."""
        try:
            self._sftp.posix_rename(old, new)
        except OSError as error:
            if error.errno in _CODES:
                raise
            self._sftp.rename(old, new)


@contextmanager
def _transport(login: Login) -> Iterator[paramiko.Transport]:
    known = dict(_host_keys(login))
    policy = AddressPolicy(login.allow_private)
    link = connect(login.host, login.port, login.timeout, policy)
    transport = paramiko.Transport(link)
    try:
        transport.banner_timeout = transport.auth_timeout = login.timeout
        # Ask for a key that can be compared, rather than for the server's favourite.
        security = transport.get_security_options()
        liked = [one for one in security.key_types if _base(one) in known]
        if liked:
            security.key_types = liked
        transport.start_client(timeout=login.timeout)
        shown = transport.get_remote_server_key()
        if known.get(shown.get_name()) != shown.asbytes():
            raise MessageError("store_host_key")
        _prove(transport, login)
        yield transport
    finally:
        transport.close()


def _base(kind: str) -> str:
    """RSA keys are named by their kind, whatever they sign with."""
    return "ssh-rsa" if kind.startswith("rsa-sha2-") else kind


def _host_keys(login: Login) -> list[tuple[str, bytes]]:
    try:
        return parse_host_keys(login.host_keys)
    except ValueError:
        raise MessageError("store_host_key") from None


def _prove(transport: paramiko.Transport, login: Login) -> None:
    if login.private_key:
        try:
            key = parse_private_key(login.private_key)
        except ValueError:
            raise MessageError("store_denied") from None
        transport.auth_publickey(login.user, key)
    else:
        transport.auth_password(login.user, login.password)
    if not transport.is_authenticated():
        raise MessageError("store_denied")


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong, as a code; no sentence of a server is repeated."""
    try:
        yield
    except paramiko.AuthenticationException:
        raise MessageError("store_denied") from None
    except paramiko.SSHException as error:
        is_key = "host key" in str(error).lower() or "no acceptable" in str(error).lower()
        raise MessageError("store_host_key" if is_key else "store_unreachable") from None
    except EOFError:
        raise MessageError("store_unreachable") from None
    except OSError as error:
        raise MessageError(_CODES.get(error.errno or 0, "store_unreachable")) from None


def _info(name: str, told: paramiko.SFTPAttributes) -> FileInfo:
    return FileInfo(name, told.st_size or 0, datetime.fromtimestamp(told.st_mtime or 0, UTC))
