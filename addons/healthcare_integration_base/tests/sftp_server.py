# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""A real SFTP server in a thread, for tests: a folder, a user, a host key."""

import io
import os
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

USER, PASSWORD = "hospital", "correct horse"


def new_key():
    """A key pair: private in OpenSSH form, and the key as paramiko has it."""
    text = (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        .decode()
    )
    return text, paramiko.Ed25519Key.from_private_key(io.StringIO(text))


class _Door(paramiko.ServerInterface):
    def __init__(self, server):
        self.server = server

    def check_auth_password(self, username, password):
        self.server.logins += 1
        good = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username, key):
        good = username == USER and key == self.server.client_key
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password,publickey"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    """A folder as its root; nothing leads out of it."""

    def __init__(self, door, *args, **kwargs):
        super().__init__(door, *args, **kwargs)
        self.root = door.server.root

    def _at(self, path):
        return self.root / self.canonicalize(path).lstrip("/")

    def _done(self, act, *args):
        try:
            act(*args)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return paramiko.SFTP_OK

    def list_folder(self, path):
        try:
            folder = self._at(path)
            found = []
            for name in os.listdir(folder):
                one = paramiko.SFTPAttributes.from_stat(os.lstat(folder / name))
                one.filename = name
                found.append(one)
            return found
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path):
        return self._stat(os.stat, path)

    def lstat(self, path):
        return self._stat(os.lstat, path)

    def _stat(self, how, path):
        try:
            return paramiko.SFTPAttributes.from_stat(how(self._at(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def open(self, path, flags, attr):
        try:
            descriptor = os.open(self._at(path), flags, 0o644)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        mode = "wb" if flags & os.O_WRONLY else "r+b" if flags & os.O_RDWR else "rb"
        handle = _Handle(flags)
        handle.readfile = handle.writefile = os.fdopen(descriptor, mode)
        return handle

    def remove(self, path):
        return self._done(os.remove, self._at(path))

    def rename(self, oldpath, newpath):
        if self._at(newpath).exists():
            return paramiko.SFTP_FAILURE
        return self._done(os.rename, self._at(oldpath), self._at(newpath))

    def posix_rename(self, oldpath, newpath):
        return self._done(os.replace, self._at(oldpath), self._at(newpath))

    def mkdir(self, path, attr):
        return self._done(os.mkdir, self._at(path))


class Server:
    """:param root: the folder it serves; ``with Server(root) as server:``"""

    def __init__(self, root):
        self.root = Path(root)
        self.logins = 0
        _text, self.host_key = new_key()
        self.client_private, self.client_key = new_key()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._transports = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def host_line(self):
        """The host key as a partner tells it."""
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._listener.close()
        for transport in self._transports:
            transport.close()

    def _accept(self):
        while True:
            try:
                link, _address = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(link)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
            self._transports.append(transport)
            try:
                transport.start_server(server=_Door(self))
            except (paramiko.SSHException, EOFError, OSError):
                continue


@contextmanager
def silent():
    """A port where nobody answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        yield listener.getsockname()[1]
