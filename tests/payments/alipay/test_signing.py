"""Our signatures against two independent judges: the official SDK's own signer, and openssl."""

import base64
import string
import subprocess
from pathlib import Path

import pytest
from alipay.aop.api.util.SignatureUtils import get_sign_content, sign_with_rsa2, verify_with_rsa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from cishan.payments.alipay.signing import (
    NOTICE_LEAVES_OUT,
    load_private_key,
    load_public_keys,
    public_key_pem,
    sign,
    sign_bytes,
    string_to_sign,
    verify,
)
from gateway_makers import alipay_key_pem, app_key_pem, strangers_key_pem

APP_KEY = load_private_key(app_key_pem())
PARAMS = {
    "app_id": "2021000000000001",
    "biz_content": '{"out_trade_no":"W1","subject":"微心愿：书包 100% + 水壶","total_amount":"88.80"}',
    "charset": "utf-8",
    "notify_url": "https://cishan.example/notify?a=1&b=2",
    "sign_type": "RSA2",
    "blank": "",
}
# Surrogates cannot be written as UTF-8, so no request can hold them.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_our_signature_is_byte_for_byte_that_of_the_official_sdk() -> None:
    theirs = sign_with_rsa2(app_key_pem(), get_sign_content(PARAMS), "utf-8")
    assert sign(PARAMS, load_private_key(app_key_pem())) == theirs


@settings(deadline=None)
@given(st.dictionaries(st.text("abcdefgh_", min_size=1), TEXT))
def test_we_sign_the_same_text_as_the_official_sdk(params: dict[str, str]) -> None:
    assert string_to_sign(params) == get_sign_content({k: v for k, v in params.items() if k != "sign"})


def test_the_official_sdk_accepts_our_signature() -> None:
    content = string_to_sign(PARAMS).encode()
    ours = sign_bytes(content, load_private_key(app_key_pem()))
    assert verify_with_rsa(public_key_pem(app_key_pem()), content, ours)


def test_openssl_accepts_our_signature(tmp_path: Path) -> None:
    content = string_to_sign(PARAMS).encode()
    (tmp_path / "content").write_bytes(content)
    (tmp_path / "key.pem").write_text(public_key_pem(app_key_pem()))
    (tmp_path / "signature").write_bytes(base64.b64decode(sign_bytes(content, load_private_key(app_key_pem()))))
    judge = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "content"]
    verdict = subprocess.run(judge, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert verdict.stdout.strip() == "Verified OK"


def test_a_request_is_signed_with_its_sign_type_and_a_notice_without_it() -> None:
    assert "sign_type=RSA2" in string_to_sign(PARAMS)
    assert "sign_type" not in string_to_sign({**PARAMS, "sign": "x"}, NOTICE_LEAVES_OUT)


def test_blank_values_are_signed_too() -> None:
    assert "blank=&" in string_to_sign(PARAMS)


def test_any_of_several_public_keys_will_do_and_a_strangers_will_not() -> None:
    keys = load_public_keys([public_key_pem(alipay_key_pem()), public_key_pem(app_key_pem())])
    assert verify(b"content", sign_bytes(b"content", load_private_key(app_key_pem())), keys)
    assert not verify(b"content", sign_bytes(b"content", load_private_key(strangers_key_pem())), keys)


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 343), st.sampled_from("ABCxyz019+/="))
def test_a_signature_with_any_character_changed_is_refused(content: bytes, place: int, letter: str) -> None:
    true = sign_bytes(content, APP_KEY)
    changed = true[:place] + letter + true[place + 1 :]
    assert verify(content, true, [APP_KEY.public_key()])
    assert verify(content, changed, [APP_KEY.public_key()]) == (changed == true)


def test_a_signature_has_one_spelling() -> None:
    """The last letter before `==` carries four unused bits; other values of them decode to the same bytes."""
    true = sign_bytes(b"content", APP_KEY)
    spellings = [true[:341] + letter + "==" for letter in string.ascii_letters + string.digits + "+/"]
    same = [text for text in spellings if base64.b64decode(text) == base64.b64decode(true)]
    assert len(same) == 16
    assert [text for text in same if verify(b"content", text, [APP_KEY.public_key()])] == [true]


def test_a_sha1_signature_by_the_right_key_is_refused() -> None:
    key = load_private_key(app_key_pem())
    old = base64.b64encode(key.sign(b"content", padding.PKCS1v15(), hashes.SHA1())).decode()
    assert not verify(b"content", old, load_public_keys([public_key_pem(app_key_pem())]))


@pytest.mark.parametrize("form", ["pkcs1", "pkcs8", "bare", "crlf"])
def test_private_keys_are_read_in_every_form_that_alipays_tool_writes(form: str) -> None:
    key = load_private_key(app_key_pem())
    pkcs8 = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    text = {
        "pkcs1": app_key_pem(),
        "pkcs8": pkcs8,
        "bare": "".join(pkcs8.splitlines()[1:-1]),
        "crlf": app_key_pem().replace("\n", "\r\n"),
    }[form]
    assert load_private_key(text).private_numbers() == key.private_numbers()


@pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END"])
def test_what_is_no_key_is_refused_at_start(text: str) -> None:
    with pytest.raises(ValueError):
        load_private_key(text)
    with pytest.raises(ValueError):
        load_public_keys([text])


def test_short_keys_and_keys_of_another_kind_are_refused() -> None:
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        with pytest.raises(ValueError, match="RSA key"):
            load_private_key(pem)
