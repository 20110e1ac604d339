# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The Merkle tree of RFC 6962 (section 2.1), SHA-256, without holding the tree.

A :class:`Frontier` is all that appending needs: the roots of the complete subtrees that the
size is made of, 64 at most. Proofs are made from what :class:`Nodes` is given: the leaf
hashes, and the roots of some complete subtrees where they are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

EMPTY = hashlib.sha256().digest()
KEPT_LEVELS = 8
"""Roots of complete subtrees are kept at each eighth level: 256 leaves, 65,536 …"""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; the prefix parts leaves from nodes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """A tree that grows: its size, and the roots of its complete subtrees, largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf hash.

        :return: ``(level, place, root)`` of subtrees that are complete now and are to be kept.
        """
        place, level, root = self.size, 0, leaf
        self.size += 1
        while place & 1:
            root = node_hash(self.roots.pop(), root)
            place, level = place >> 1, level + 1
            if level % KEPT_LEVELS == 0:
                yield level, place, root
        self.roots.append(root)

    def extend(self, leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
        """Add many; all subtrees that are to be kept."""
        return [kept for leaf in leaves for kept in self.append(leaf)]

    def root(self) -> bytes:
        """The hash of the tree's head (section 2.1)."""
        return join(self.roots)

    def clone(self) -> Frontier:
        """One that grows on its own."""
        return Frontier(self.size, list(self.roots))


def join(roots: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling size."""
    if not roots:
        return EMPTY
    whole = roots[-1]
    for root in reversed(roots[:-1]):
        whole = node_hash(root, whole)
    return whole


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Frontier()
    tree.extend(leaves)
    return tree.root()


def subtrees(first: int, end: int) -> Iterator[tuple[int, int]]:
    """``(level, place)`` of the complete subtrees that leaves ``first`` to ``end`` (not
    included) are made of, where ``first`` is where such a range may begin."""
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


Leaves = Callable[[int, int], Sequence[bytes]]
Kept = Callable[[int, int], bytes | None]


class Nodes:
    """Any node of the tree, made of what is kept.

    :param leaves: leaf hashes from a place to another, the latter not included.
    :param kept: the root of the complete subtree at a level and place, if it is kept.
    """

    def __init__(self, leaves: Leaves, kept: Kept = lambda _level, _place: None) -> None:
        self._leaves = leaves
        self._kept = kept
        self._known: dict[tuple[int, int], bytes] = {}

    def complete(self, level: int, place: int) -> bytes:
        """The root of a complete subtree."""
        known = self._known.get((level, place))
        if known is None:
            known = self._known[level, place] = self._make(level, place)
        return known

    def over(self, first: int, end: int) -> bytes:
        """The root over a range that is a subtree of the tree (MTH of section 2.1)."""
        return join([self.complete(level, place) for level, place in subtrees(first, end)])

    def _make(self, level: int, place: int) -> bytes:
        if level and level % KEPT_LEVELS == 0:
            root = self._kept(level, place)
            if root is not None:
                return root
        if level > KEPT_LEVELS:
            children = (self.complete(level - 1, 2 * place + side) for side in (0, 1))
            return node_hash(*children)
        return self._fill(level, place)

    def _fill(self, level: int, place: int) -> bytes:
        """From leaves; what is made on the way is remembered for the next proof."""
        row = list(self._leaves(place << level, (place + 1) << level))
        if len(row) != 1 << level:
            raise ValueError("leaves are missing")
        for up in range(level + 1):
            for at, root in enumerate(row):
                self._known[up, (place << (level - up)) + at] = root
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        return self._known[level, place]


def frontier(nodes: Nodes, size: int) -> Frontier:
    """A tree of that size, to go on from."""
    return Frontier(size, [nodes.complete(level, place) for level, place in subtrees(0, size)])


def inclusion_proof(nodes: Nodes, place: int, size: int) -> list[bytes]:
    """That the leaf at ``place`` is in the tree of ``size`` leaves (section 2.1.1)."""
    if not 0 <= place < size:
        raise ValueError("there is no such leaf")
    first, end, path = 0, size, []
    while end - first > 1:
        middle = first + _split(end - first)
        if place < middle:
            path.append(nodes.over(middle, end))
            end = middle
        else:
            path.append(nodes.over(first, middle))
            first = middle
    return path[::-1]


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """That the tree of ``old`` leaves is the beginning of that of ``new`` (section 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError("there is no such tree")
    first, end, path, whole = 0, new, [], True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(nodes.over(middle, end))
            end = middle
        else:
            path.append(nodes.over(first, middle))
            first, whole = middle, False
    if not whole:
        path.append(nodes.over(first, end))
    return path[::-1]


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def verify_inclusion(
    leaf: bytes, place: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= place < size:
        return False
    at, last, made = place, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            made = node_hash(sibling, made)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made = node_hash(made, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the one tree is the beginning of the other (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    made_old = made_new = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            made_old, made_new = node_hash(sibling, made_old), node_hash(sibling, made_new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            made_new = node_hash(made_new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and made_old == old_root and made_new == new_root
