# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl)
"""The tree against published vectors, and against another's implementation."""

import random

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import merkle
from messaging.merkle import Frontier, Nodes

# Inputs and roots of the reference implementation of Certificate Transparency.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def nodes_of(leaves, kept=None):
    known = kept or {}
    return Nodes(lambda first, end: leaves[first:end], lambda *key: known.get(key))


def tree_of(size, seed=0):
    drawn = random.Random(f"{seed}/{size}")
    return [merkle.leaf_hash(drawn.randbytes(20)) for _ in range(size)]


def test_published_roots():
    assert merkle.root_of([]) == merkle.EMPTY
    tree = Frontier()
    for data, root in zip(INPUTS, ROOTS, strict=True):
        tree.extend([merkle.leaf_hash(data)])
        assert tree.root().hex() == root


def test_published_proofs():
    nodes = nodes_of([merkle.leaf_hash(data) for data in INPUTS])
    assert [one.hex() for one in merkle.inclusion_proof(nodes, 5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [one.hex() for one in merkle.consistency_proof(nodes, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100, 257])
def test_as_pymerkle_says(size):
    """Roots, and proofs that the other accepts."""
    oracle = pymerkle.InmemoryTree(algorithm="sha256")
    leaves = []
    for at in range(size):
        data = str(at).encode()
        oracle.append_entry(data)
        leaves.append(merkle.leaf_hash(data))
    assert merkle.root_of(leaves) == oracle.get_root()
    nodes = nodes_of(leaves)
    for at in {0, size // 3, size - 1}:
        theirs = oracle.prove_inclusion(at + 1, size)
        ours = merkle.inclusion_proof(nodes, at, size)
        assert set(theirs.path) == {leaves[at], *ours}
        pymerkle.verify_inclusion(leaves[at], oracle.get_root(), theirs)
        assert merkle.verify_inclusion(leaves[at], at, size, ours, oracle.get_root())
        old = oracle.get_root(at + 1)
        assert merkle.root_of(leaves[: at + 1]) == old
        path = merkle.consistency_proof(nodes, at + 1, size)
        assert merkle.verify_consistency(at + 1, size, old, oracle.get_root(), path)


@given(st.integers(1, 70), st.data())
def test_every_proof_holds_and_no_other(size, data):
    leaves = tree_of(size)
    nodes, root = nodes_of(leaves), merkle.root_of(leaves)
    at = data.draw(st.integers(0, size - 1))
    path = merkle.inclusion_proof(nodes, at, size)
    assert merkle.verify_inclusion(leaves[at], at, size, path, root)
    wrong = data.draw(st.integers(0, size - 1).filter(lambda one: one != at) | st.just(size))
    assert not merkle.verify_inclusion(leaves[at], wrong, size, path, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"other"), at, size, path, root)
    assert not merkle.verify_inclusion(leaves[at], at, size, [*path, root], root)
    if path:
        assert not merkle.verify_inclusion(leaves[at], at, size, path[:-1], root)


@given(st.integers(1, 70), st.data())
def test_every_beginning_is_proven_and_no_other(size, data):
    leaves = tree_of(size)
    nodes, root = nodes_of(leaves), merkle.root_of(leaves)
    old = data.draw(st.integers(1, size))
    old_root = merkle.root_of(leaves[:old])
    path = merkle.consistency_proof(nodes, old, size)
    assert merkle.verify_consistency(old, size, old_root, root, path)
    other = merkle.root_of([*leaves[: old - 1], merkle.leaf_hash(b"other")])
    assert not merkle.verify_consistency(old, size, other, root, path)
    assert not merkle.verify_consistency(old, size, old_root, root, [*path, root])
    assert not merkle.verify_consistency(size + 1, size, old_root, root, path)


def test_kept_subtrees_spare_the_leaves():
    """A proof in 100,000 reads a few hundred hashes; the tree goes on from them."""
    leaves = tree_of(100_000)
    tree = Frontier()
    kept = {(level, place): root for level, place, root in tree.extend(leaves)}
    assert len(kept) == 100_000 // 256 + 1
    assert len(tree.roots) < 17
    read = []

    def look(first, end):
        read.append(end - first)
        return leaves[first:end]

    nodes = Nodes(look, lambda *key: kept.get(key))
    path = merkle.inclusion_proof(nodes, 77_777, 100_000)
    assert merkle.verify_inclusion(leaves[77_777], 77_777, 100_000, path, tree.root())
    assert sum(read) <= 512
    again = merkle.frontier(Nodes(look, lambda *key: kept.get(key)), 100_000)
    assert again == tree
    more = tree_of(300, seed=1)
    tree.extend(more)
    again.extend(more)
    assert again.root() == tree.root() == merkle.root_of([*leaves, *more])


def test_missing_leaves_are_told():
    nodes = nodes_of(tree_of(5))
    for call in (
        lambda: merkle.inclusion_proof(nodes, 5, 5),
        lambda: merkle.inclusion_proof(nodes, -1, 5),
        lambda: merkle.inclusion_proof(nodes, 2, 9),
        lambda: merkle.consistency_proof(nodes, 0, 5),
        lambda: merkle.consistency_proof(nodes, 6, 5),
    ):
        with pytest.raises(ValueError, match=r"there is no|missing"):
            call()
