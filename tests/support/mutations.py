"""Signed requests that somebody has changed on the way, made by a seed.

Each is another request than the signed one *by construction*: what HTTP says is the same (the
case of a header's name, blanks around its value, one more signature that is wrong) is not made,
and neither are changes to what no signature covers.
"""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from simulate.client import STRUCTURED, Sender

SIGNED = ("hc-key-id", "webhook-id", "webhook-timestamp", "webhook-signature")
TIMEOUT = 60
STRANGE = ("\u00e9", "\u0000", "\u007f", "\u00a0", "\u0130", "\uff11", "\u202e", "\ud83d\ude00")


@dataclass(frozen=True)
class Wire:
    """A request as it goes over the wire; headers are pairs, so that one may come twice."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: int | None = None
    named: tuple[str, ...] = field(default=(), compare=False)

    def bytes(self) -> bytes:
        """All of it."""
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        head = "\r\n".join(lines).encode("utf-8", "surrogatepass")
        whole = head + b"\r\n\r\n" + self.body
        return whole if self.cut is None else whole[: self.cut]

    def get(self, name: str) -> str:
        """The first header of this name."""
        return next((value for key, value in self.headers if key == name), "")

    def put(self, name: str, value: str) -> Wire:
        """With another value of a header."""
        changed = tuple((key, value if key == name else old) for key, old in self.headers)
        return replace(self, headers=changed)

    def without(self, name: str) -> Wire:
        """Without a header."""
        return replace(self, headers=tuple(one for one in self.headers if one[0] != name))

    def plus(self, name: str, value: str, *, first: bool = False) -> Wire:
        """With one more header."""
        one = ((name, value),)
        return replace(self, headers=one + self.headers if first else self.headers + one)

    def means(self) -> tuple[object, ...]:
        """What the server makes of it: blanks around values are not part of them."""
        given = tuple((name, value.strip(" \t")) for name, value in self.headers)
        return (self.method, self.path, given, self.body, self.cut)


Mutation = Callable[[random.Random, Wire, "Forger"], Wire]


def sized(wire: Wire, body: bytes) -> Wire:
    """With another body of the right length."""
    return replace(wire, body=body).put("Content-Length", str(len(body)))


def change_text(dice: random.Random, text: str) -> str:
    """Some text, a little changed."""
    place = dice.randrange(len(text)) if text else 0
    return dice.choice(
        (
            lambda: text[:place] + dice.choice("abcXYZ0189-_.,+/= ") + text[place + 1 :],
            lambda: text[:place] + text[place + 1 :],
            lambda: text[:place] + dice.choice(STRANGE) + text[place:],
            lambda: text[:place],
            lambda: text + dice.choice("a0=,."),
            lambda: text[place:] + text[:place],
            lambda: text.swapcase(),
            lambda: text * dice.randint(2, 40),
            lambda: text[::-1],
            lambda: "",
        )
    )()


# ------------------------------------------------------------------------- the mutations


def header_value(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    name = dice.choice(SIGNED)
    return wire.put(name, change_text(dice, wire.get(name)))


def header_left_out(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return wire.without(dice.choice(SIGNED))


def header_twice(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """Once more: the same, or another one; before it or behind it."""
    name = dice.choice(SIGNED)
    value = wire.get(name)
    again = value if dice.random() < 0.5 else change_text(dice, value)
    return wire.plus(name, again, first=dice.random() < 0.5)


def header_name(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """Names that look alike and are others."""
    name = dice.choice(SIGNED)
    other = dice.choice(
        (name.replace("-", "_"), name + "\u00a0", "x-" + name, name[:-1], name.replace("-", ""))
    )
    return wire.without(name).plus(other, wire.get(name))


def header_swapped(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    one, other = dice.sample(SIGNED, 2)
    first, second = wire.get(one), wire.get(other)
    return wire.put(one, second).put(other, first)


def of_another_message(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """Headers of a message that was signed as well."""
    other = forger.signed(dice)
    names = dice.sample(SIGNED[1:], dice.randint(1, 2))
    for name in names:
        if name == "webhook-timestamp":
            wire = wire.put(name, str(int(other.get(name)) + dice.choice((-7, 5, 60))))
        else:
            wire = wire.put(name, other.get(name))
    return wire


def body_byte(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    body = bytearray(wire.body)
    for _time in range(dice.randint(1, 3)):
        body[dice.randrange(len(body))] ^= dice.randint(1, 255)
    return sized(wire, bytes(body))


def body_cut(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return sized(wire, wire.body[: dice.randrange(len(wire.body))])


def body_longer(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    more = dice.choice((b" ", b"\n", b"\x00", b"\xff", wire.body, b"}", b"\xef\xbb\xbf"))
    return sized(wire, wire.body + more if dice.random() < 0.5 else more + wire.body)


def body_of_another(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return sized(wire, forger.signed(dice).body)


def body_encoded(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """The same text in other bytes."""
    text = wire.body.decode(errors="replace")
    return sized(wire, text.encode(dice.choice(("utf-16", "utf-8-sig", "utf-32"))))


def body_spaced(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """The same JSON in other bytes."""
    return sized(wire, wire.body.replace(b", ", b","))


def body_compressed(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return wire.plus("Content-Encoding", dice.choice(("gzip", "deflate", "br", "x")))


def length_wrong(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    size = len(wire.body)
    wrong = (str(size - 1), str(size // 2), "0", "-1", "x", "1e3", str(size + 50), str(10**12))
    return wire.put("Content-Length", dice.choice(wrong))


def chunked_wrong(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """A length and chunks at once, and no chunks."""
    return wire.plus("Transfer-Encoding", "chunked")


def truncated(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """Behind the Host, without which Odoo itself gives up before it asks for a route."""
    whole = wire.bytes()
    return replace(wire, cut=dice.randrange(whole.index(b"\r\nContent-Type") + 2, len(whole)))


def stale(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """Signed with the right secret at a wrong time."""
    away = dice.choice((-1, 1)) * dice.randint(330, 10**6)
    return forger.signed(dice, timestamp=int(time.time()) + away)


def wrong_secret(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return forger.signed(dice, secret=dice.choice(forger.secrets))


def key_of_another(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return wire.put("hc-key-id", dice.choice(forger.keys))


def another_version(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    value = wire.get("webhook-signature")
    kinds = ("v0,", "v2,", "v1a,", "V1,", "v1;", "v1=", "sha256=", "")
    return wire.put("webhook-signature", dice.choice(kinds) + value.removeprefix("v1,"))


def another_path(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    channel = wire.path.split("/")[4]
    other = dice.choice(("nobody", channel + "x", channel.upper(), "%00", "..", "a%2fb", "'--"))
    return replace(wire, path=wire.path.replace(channel, other))


def another_method(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    return replace(wire, method=dice.choice(("GET", "PUT", "PATCH", "DELETE", "TRACE", "X")))


def another_proof(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """A wrong proof beside the right one."""
    name, value = dice.choice(
        (
            ("Authorization", "Bearer hck_nobody." + "w" * 43),
            ("Authorization", "Bearer a.b.c"),
            ("Authorization", "Basic YWRtaW46YWRtaW4="),
            ("Authorization", ""),
            ("Client-Cert", ":AAAA:"),
        )
    )
    return wire.plus(name, value)


def split_header(dice: random.Random, wire: Wire, forger: Forger) -> Wire:
    """A line break within a value."""
    name = dice.choice(SIGNED)
    value = wire.get(name)
    place = dice.randrange(1, len(value) - 1)
    broken = dice.choice(("\r\n", "\r\n ", "\r", "\n\t"))
    return wire.put(name, value[:place] + broken + value[place:])


MUTATIONS: tuple[Mutation, ...] = (
    header_value,
    header_value,
    header_value,
    header_left_out,
    header_twice,
    header_name,
    header_swapped,
    of_another_message,
    body_byte,
    body_byte,
    body_cut,
    body_longer,
    body_of_another,
    body_encoded,
    body_spaced,
    body_compressed,
    length_wrong,
    chunked_wrong,
    truncated,
    stale,
    wrong_secret,
    key_of_another,
    another_version,
    another_path,
    another_method,
    another_proof,
    split_header,
)
# They change what others have changed, or make a request of their own: each stands alone.
ALONE = frozenset({truncated, stale, wrong_secret, another_path, another_method, split_header})


class Forger:
    """Changes requests of a sender.

    :param keys: key ids of other credentials
    :param events: makes a body
    """

    def __init__(
        self, sender: Sender, path: str, events: Callable[[], bytes], keys: list[str]
    ) -> None:
        self.sender = sender
        self.path = path
        self.events = events
        self.keys = [*keys, "hck_nobodynobody", ""]
        self.secrets = ["whsec_" + one * 43 + "=" for one in "AQg"]

    def signed(self, dice: random.Random, **signing: object) -> Wire:
        """A request that nobody has changed."""
        body = self.events()
        proof = self.sender.signature_headers(body, f"msg_{dice.getrandbits(64):x}", **signing)  # type: ignore[arg-type]
        headers = {"Host": "x", "Content-Type": STRUCTURED, "Content-Length": str(len(body))}
        return Wire("POST", self.path, tuple({**headers, **proof}.items()), body)

    def forged(self, seed: int) -> Wire:
        """One that somebody has changed, always the same for a seed but for the time."""
        dice = random.Random(seed)
        while True:
            wire = self.signed(dice)
            chosen = [dice.choice(MUTATIONS) for _time in range(dice.choice((1, 1, 1, 2, 3)))]
            if any(one in ALONE for one in chosen):
                chosen = chosen[:1]
            changed = wire
            for mutation in chosen:
                changed = mutation(dice, changed, self)
            if changed.means() != wire.means():
                return replace(changed, named=tuple(one.__name__ for one in chosen))


def ask(address: tuple[str, int], wire: Wire) -> int | None:
    """The status of the answer; none where the server hung up without one."""
    answer = b""
    try:
        with socket.create_connection(address, TIMEOUT) as line:
            line.sendall(wire.bytes())
            line.shutdown(socket.SHUT_WR)
            while len(answer) < 12 and (part := line.recv(4096)):
                answer += part
            while line.recv(65536):
                pass
    except ConnectionError:
        pass  # it hung up before it had read all: what it said counts
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") and len(answer) >= 12 else None


def storm(forger: Forger, address: tuple[str, int], seeds: range) -> Counter[tuple[str, object]]:
    """How often each mutation had each status, over four connections at a time."""

    def one(seed: int) -> tuple[str, object]:
        wire = forger.forged(seed)
        return "+".join(sorted(set(wire.named))), ask(address, wire)

    with ThreadPoolExecutor(4) as pool:
        return Counter(pool.map(one, seeds, chunksize=50))
