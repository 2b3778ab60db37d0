"""Sealed values: unreadable without the key, bound to their column, still readable after a rotation."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from cishan.sealing import add_key, create_keys, load_sealer


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_keys(tmp_path)
    return tmp_path


def test_a_sealed_text_comes_back_and_never_looks_the_same(keys: Path) -> None:
    sealer = load_sealer(keys)
    first, second = sealer.seal("欧阳𠅤", "person.name"), sealer.seal("欧阳𠅤", "person.name")
    assert sealer.open(first, "person.name") == "欧阳𠅤"
    assert first != second
    assert "欧阳".encode() not in first


def test_a_value_of_one_column_is_not_taken_for_another(keys: Path) -> None:
    sealer = load_sealer(keys)
    with pytest.raises(InvalidTag):
        sealer.open(sealer.seal("13900000000", "person.phone"), "person.name")


def test_a_changed_value_is_refused(keys: Path) -> None:
    sealer = load_sealer(keys)
    sealed = bytearray(sealer.seal("王芳", "person.name"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        sealer.open(bytes(sealed), "person.name")


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key(keys: Path) -> None:
    old = load_sealer(keys)
    sealed, digest = old.seal("王芳", "person.name"), old.digest("110101", "person.id_number")
    assert add_key(keys) == "k2"
    new = load_sealer(keys)
    assert new.open(sealed, "person.name") == "王芳"
    assert new.key_of(new.seal("王芳", "person.name")) == "k2"
    assert new.digest("110101", "person.id_number") == digest


def test_equal_texts_have_equal_digests_only_within_a_column(keys: Path) -> None:
    sealer = load_sealer(keys)
    assert sealer.digest("1", "a") == sealer.digest("1", "a")
    assert sealer.digest("1", "a") != sealer.digest("1", "b")


def test_keys_that_others_may_read_are_refused(keys: Path) -> None:
    (keys / "sealing.json").chmod(0o644)
    with pytest.raises(PermissionError):
        load_sealer(keys)


def test_keys_are_never_overwritten(keys: Path) -> None:
    with pytest.raises(FileExistsError):
        create_keys(keys)
