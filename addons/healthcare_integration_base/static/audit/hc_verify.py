# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""Verify a bundle of an audit trail, or the proof of one event, with nothing of the software
that made it: Python's standard library and the package "cryptography" (Ed25519) only.

    python3 -I hc_verify.py FILE [--key FINGERPRINT] [--export FILE]

Exit status: 0 all holds, 1 something does not, 2 it cannot be verified. All holds: these events
and no others between them are in the log that the key has signed, and no checkpoint takes back
what one before it said. An event without content was pruned, or is not for the reader.
"""

import argparse
import base64
import hashlib
import json
import sys
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Wrong(Exception):
    """Something does not hold."""


def need(condition, sentence):
    if not condition:
        raise Wrong(sentence)


def sha(data):
    return hashlib.sha256(data).digest()


def climb(at, last, start, path):
    """From a node to the roots of the older and of the newer tree (RFC 9162, 2.1.3, 2.1.4)."""
    old = new = start
    for step in path:
        need(last > 0, "a proof that is too long")
        if at & 1 or at == last:
            old, new = sha(b"\x01" + step + old), sha(b"\x01" + step + new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = sha(b"\x01" + new + step)
        at, last = at >> 1, last >> 1
    need(last == 0, "a proof that is too short")
    return old, new


def extended(old, new, old_root, path):
    """The root of the newer tree, if the older one is its beginning."""
    need(0 < old <= new, "checkpoints that do not grow")
    steps = list(path) if old & (old - 1) else [old_root, *path]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    roots = climb(at, last, steps[0], steps[1:])
    need(roots[0] == old_root, "a checkpoint takes back what one before it said")
    return roots[1]


def signed_by(text, key):
    """Whether the note has a signature of the key (C2SP signed-note)."""
    note, _, lines = text.partition("\n\n")
    name = note.partition("\n")[0]
    key_id = sha(f"{name}\n\x01".encode() + key)[:4]
    for line in lines.splitlines():
        blob = base64.b64decode(line.rpartition(" ")[2])
        if blob[:4] == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], f"{note}\n".encode())
                return True
            except InvalidSignature:
                continue
    return False


def text_of(raw):
    return base64.b64encode(raw).decode()


def read(text):
    """The parts of a note."""
    note = text.partition("\n\n")[0]
    origin, size, root, *lines = note.split("\n")
    head = dict(line.split(" ", 1) for line in lines)
    key = base64.b64decode(head["key"])
    head |= {"origin": origin, "size": int(size), "root": base64.b64decode(root), "key": key}
    head["fingerprint"] = "SHA256:" + text_of(sha(key)).rstrip("=")
    return head | {"number": int(head["number"]), "digest": text_of(sha(f"{note}\n".encode()))}


def check_checkpoints(documents):
    """All signed, each going on from the one before; the last one."""
    before, keys = None, []
    for document in documents:
        head = read(document["note"])
        where = f"checkpoint {head['number']}"
        need(signed_by(document["note"], head["key"]), f"{where}: the signature does not verify")
        if before:
            need(head["origin"] == before["origin"], f"{where}: of another log")
            need(head["number"] > before["number"], f"{where}: out of order")
            if head["number"] == before["number"] + 1:
                need(head["previous"] == before["digest"], f"{where}: does not bind the one before")
            vouched = head["key"] == before["key"] or signed_by(document["note"], before["key"])
            need(vouched, f"{where}: nobody vouches for its key")
            path = [bytes.fromhex(step) for step in document["consistency"]]
            root = extended(before["size"], head["size"], before["root"], path)
            need(root == head["root"], f"{where}: takes back what one before it said")
        before = head
        keys.append(head["fingerprint"])
    need(before, "there is no checkpoint")
    return {**before, "keys": keys}


def leaf_data(event):
    """The bytes of an event (format hc-audit-event/1)."""
    parts = [b"hc-audit-event/1\n"]
    for name in sorted(event):
        need(name.isidentifier(), "a member that is none")
        raw = event[name].encode()
        parts.append(b"%s:%d:%s\n" % (name.encode(), len(raw), raw))
    return b"".join(parts)


def check_leaves(documents, head):
    """All in the tree, without a gap; how many, and how many have no content (any more)."""
    count, pruned, place = 0, 0, None
    for one in documents:
        where = f"event {one['id']}"
        need(place is None or one["place"] == place + 1, f"{where}: something before it is missing")
        place, count, kept = one["place"], count + 1, bytes.fromhex(one["hash"])
        if "event" in one:
            need(one["event"]["id"] == str(one["id"]), f"{where}: is another event")
            made = sha(b"\x00" + leaf_data(one["event"]))
            need(made == kept, f"{where}: is not as it was sealed")
        pruned += "event" not in one
        path = [bytes.fromhex(step) for step in one["path"]]
        need(0 <= place < head["size"], f"{where}: is not in the tree")
        root = climb(place, head["size"] - 1, kept, path)[1]
        need(root == head["root"], f"{where}: is not in the log")
    need(count, "there is no event")
    return count, pruned


def check_export(documents, path):
    """The checkpoints are those of the exported file."""
    wanted = {document["number"]: document["note"] for document in documents}
    with open(path, "rb") as file:
        for line in file:
            document = json.loads(line)
            note = wanted.pop(document["number"], document["note"])
            need(note == document["note"], f"checkpoint {document['number']}: not that of the file")
    need(not wanted, f"checkpoint {min(wanted, default=0)}: not in the file")


def load(path):
    """Checkpoints and leaves of a bundle, or of the proof of one event."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as bundle:
            return [
                [json.loads(line) for line in bundle.read(name).splitlines()]
                for name in ("checkpoints.ndjson", "leaves.ndjson")
            ]
    with open(path, "rb") as file:
        document = json.load(file)
    return document["checkpoints"], document["leaves"]


def main():
    parser = argparse.ArgumentParser(description="Verify a bundle of an audit trail.")
    parser.add_argument("file")
    parser.add_argument("--key", help="fingerprint (SHA256:…) that you know to be the hospital's")
    parser.add_argument("--export", help="the file of checkpoints kept outside of the database")
    given = parser.parse_args()
    try:
        checkpoints, leaves = load(given.file)
        head = check_checkpoints(checkpoints)
        own = head["fingerprint"]
        need(not given.key or given.key in head["keys"], f"signed by another key: {own}")
        count, pruned = check_leaves(leaves, head)
        if given.export:
            check_export(checkpoints, given.export)
    except Wrong as error:
        print(f"DOES NOT HOLD: {error}")
        return 1
    except Exception as error:  # a damaged file fails in many ways
        print(f"cannot be verified: {type(error).__name__}", file=sys.stderr)
        return 2
    print(f"{count} events are in the log {head['origin']}, {pruned} of them without content.")
    print(f"Last checkpoint: {head['number']} of {head['time']}, {head['size']} leaves.")
    print(f"Key: {own}" + ("" if given.key else " (ask the hospital whether it is theirs)"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
