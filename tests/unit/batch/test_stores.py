"""The same promises from a real folder and a real SFTP server."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest
from messaging.errors import MessageError
from messaging.files import names
from messaging.files.folder import Folder
from messaging.files.sftp import Login, Sftp, parse_host_keys, parse_private_key

ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "addons/healthcare_integration_base/tests/sftp_server.py"
_spec = importlib.util.spec_from_file_location("hc_sftp_server", SERVER)
sftp_server = importlib.util.module_from_spec(_spec)
sys.modules["hc_sftp_server"] = sftp_server
_spec.loader.exec_module(sftp_server)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "in").mkdir()
    with sftp_server.Server(tmp_path) as running:
        yield running


def login(server, **more):
    values = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": sftp_server.USER,
        "password": sftp_server.PASSWORD,
        "host_keys": server.host_line,
        "timeout": 20,
        "allow_private": True,
    }
    return Login(**{**values, **more})


@pytest.fixture(params=["folder", "sftp"])
def store(request, tmp_path):
    """The store, and the folder behind it."""
    if request.param == "folder":
        (tmp_path / "in").mkdir()
        yield Folder(str(tmp_path / "in"), [str(tmp_path)]), tmp_path / "in"
        return
    server = request.getfixturevalue("server")
    yield Sftp(login(server), "/in"), tmp_path / "in"


def code_of(call, *args, **named):
    with pytest.raises(MessageError) as caught:
        call(*args, **named)
    return caught.value.code


def use(store, name, *args):
    with store.session() as files:
        return getattr(files, name)(*args)


def test_listing_takes_plain_complete_files_oldest_first(store):
    files, folder = store
    for number, name in enumerate(["b.csv", "a.csv", "c.txt", ".hidden.csv", "d.csv.part"]):
        (folder / name).write_text(name)
        os.utime(folder / name, (1_000_000 + number, 1_000_000 + number))
    (folder / "dir.csv").mkdir()
    (folder / "link.csv").symlink_to(folder / "a.csv")
    assert [one.name for one in use(files, "listing", "*.csv")] == ["b.csv", "a.csv"]


def test_read_write_move_delete(store):
    files, folder = store
    raw = os.urandom(300_000)
    use(files, "put", "x.csv", raw)
    assert (folder / "x.csv").read_bytes() == raw
    assert os.listdir(folder) == ["x.csv"]
    assert use(files, "fetch", "x.csv", 300_000) == raw
    use(files, "put", "x.csv", b"again")
    use(files, "move", "x.csv", "done", "1-x.csv")
    use(files, "put", "y.csv", b"y")
    use(files, "move", "y.csv", "done", "2-y.csv")
    assert sorted(os.listdir(folder / "done")) == ["1-x.csv", "2-y.csv"]
    assert use(files, "fetch", "1-x.csv", 10, "done") == b"again"
    use(files, "put", "z.csv", b"z")
    use(files, "delete", "z.csv")
    assert use(files, "info", "z.csv") is None


def test_limits_and_absence(store):
    files, folder = store
    (folder / "x.csv").write_bytes(b"12345")
    assert code_of(use, files, "fetch", "x.csv", 4) == "file_too_large"
    assert code_of(use, files, "fetch", "none.csv", 4) == "file_missing"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", ".x", "a\\b", "a\0b", "a\nb"])
def test_names_with_a_path_are_refused(store, name):
    files, _folder = store
    for method, *more in (("fetch", 1), ("put", b""), ("delete",), ("info",)):
        assert code_of(use, files, method, name, *more) == "file_name_refused"


def test_links_are_not_followed(store, tmp_path):
    files, folder = store
    (tmp_path / "secret").write_text("secret")
    (folder / "x.csv").symlink_to(tmp_path / "secret")
    assert code_of(use, files, "fetch", "x.csv", 100) == "file_name_refused"


def test_pipe_is_not_waited_for(store):
    files, folder = store
    os.mkfifo(folder / "x.csv")
    assert use(files, "listing", "*") == []
    assert code_of(use, files, "fetch", "x.csv", 100) == "file_name_refused"


# -- folders --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/etc", "{root}x", "{root}/../etc", "in", "", "{root}/in/../../etc"]
)
def test_folder_below_no_root(tmp_path, path):
    found = code_of(Folder, path.format(root=tmp_path), [str(tmp_path)])
    assert found in ("file_root_not_allowed", "file_name_refused")


def test_no_root_is_no_folder(tmp_path):
    assert code_of(Folder, str(tmp_path), []) == "file_root_not_allowed"
    assert code_of(Folder, "/etc", ["/"]) == "file_root_not_allowed"


def test_folder_behind_a_link(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "root/in").symlink_to(tmp_path / "outside")
    store = Folder(str(tmp_path / "root/in"), [str(tmp_path / "root")])
    assert code_of(use, store, "listing", "*") == "file_name_refused"


# -- servers --------------------------------------------------------------------------------


def test_private_key(server):
    given = login(server, password="", private_key=server.client_private)
    assert use(Sftp(given, "/in"), "listing", "*") == []


def test_other_host_key_is_not_talked_to(server):
    _text, other = sftp_server.new_key()
    line = f"{other.get_name()} {other.get_base64()}"
    store = Sftp(login(server, host_keys=line), "/in")
    assert code_of(use, store, "listing", "*") == "store_host_key"
    assert server.logins == 0  # no password was sent


def test_no_host_key_is_not_talked_to(server):
    assert (
        code_of(use, Sftp(login(server, host_keys=""), "/in"), "listing", "*") == "store_host_key"
    )


def test_wrong_password(server):
    store = Sftp(login(server, password="wrong"), "/in")
    assert code_of(use, store, "listing", "*") == "store_denied"


def test_private_address_is_refused_unless_allowed(server):
    store = Sftp(login(server, allow_private=False), "/in")
    assert code_of(use, store, "listing", "*") == "store_address_refused"


def test_server_that_says_nothing():
    with sftp_server.silent() as port:
        given = Login("127.0.0.1", port, "u", "ssh-ed25519 " + KEY, "p", "", 1, True)
        assert code_of(use, Sftp(given, ""), "listing", "*") == "store_unreachable"
    assert code_of(use, Sftp(given, ""), "listing", "*") == "store_unreachable"


KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIFi4ouMJ+KKEh27wxwqMDtw3JtnOrk+psCtJBXSPR6Dn"


@pytest.mark.parametrize("text", ["", "# only a comment", "ssh-ed25519", "ssh-ed25519 AAAA", "x y"])
def test_host_keys_that_are_none(text):
    with pytest.raises(ValueError, match="no host key"):
        parse_host_keys(text)


def test_host_keys_as_ssh_keyscan_writes_them():
    [(kind, _blob)] = parse_host_keys(f"# sftp.example\n[sftp.example]:22 ssh-ed25519 {KEY} note")
    assert kind == "ssh-ed25519"


def test_secrets_are_not_shown():
    shown = repr(Login("h", 22, "u", "k", "geheim", "schluessel"))
    assert "geheim" not in shown
    assert "schluessel" not in shown
    with pytest.raises(ValueError, match="no private key"):
        parse_private_key("geheim")


def test_pattern_of_names():
    assert names.is_plain("items-2026.csv")
    assert not names.is_plain("x" * 201)
