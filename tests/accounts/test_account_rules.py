"""Pure rules: phones as people type them, passwords that nobody guesses first, times to come back."""

import pytest

from cishan.accounts.rules import check_password, device_name, network_of, read_phone, wait_sentence


@pytest.mark.parametrize(
    "typed", ["13800001111", "138 0000 1111", "138-0000-1111", "+8613800001111", "１３８００００１１１１"]
)
def test_a_phone_is_read_as_people_type_it(typed: str) -> None:
    assert read_phone(typed) == "13800001111"


@pytest.mark.parametrize("typed", ["", "1380000111", "138000011112", "12800001111", "0534-12345", "abc", "١٣٨٠٠٠٠١١١١"])
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="11 位"):
        read_phone(typed)


@pytest.mark.parametrize(
    "guessed",
    [
        "password123", "Password1!", "P@ssw0rd123", "woaini1314", "woaini520520", "1234567890", "0987654321", "1111111111",
        "abcabcabcabc", "qwertyuiop", "qwerty123456", "admin@123456", "1qaz2wsx3edc", "a123456789", "cishan2025", "5201314520",
        "zhangwei1990", "iloveyou1314", "poiuytrewq",
    ],
)  # fmt: skip
def test_a_password_that_everyone_tries_first_is_refused(guessed: str) -> None:
    with pytest.raises(ValueError, match="容易被猜到"):
        check_password(guessed)


@pytest.mark.parametrize(
    "good", ["葡萄架下的长凳7好坐", "correct horse battery", "xK9fjq2Lmz", "8302759164", "月亮比昨天更圆一点呢"]
)
def test_a_password_of_ones_own_is_taken(good: str) -> None:
    check_password(good, "13800001111")


@pytest.mark.parametrize(("length", "taken"), [(9, False), (10, True), (11, True), (128, True), (129, False)])
def test_a_password_has_ten_to_a_hundred_and_twenty_eight_characters(length: int, taken: bool) -> None:
    password = ("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏" * 6)[: length - 1] + "x"
    if taken:
        check_password(password)
    else:
        with pytest.raises(ValueError, match="密码"):
            check_password(password)


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (1, "请 1 秒后再试。"),
        (59, "请 59 秒后再试。"),
        (60, "请 1 分钟后再试。"),
        (61, "请 2 分钟后再试。"),
        (3601, "请 2 小时后再试。"),
    ],
)
def test_the_wait_is_said_in_the_unit_that_fits(seconds: int, sentence: str) -> None:
    assert wait_sentence(seconds) == sentence


def test_neighbours_of_an_address() -> None:
    assert network_of("10.1.2.3") == network_of("10.1.2.200") != network_of("10.1.3.3")
    assert network_of("2001:db8:1::1") == network_of("2001:db8:1:ffff::2") != network_of("2001:db8:2::1")
    assert network_of("unknown") == "unknown"


def test_a_device_is_named_as_its_owner_knows_it() -> None:
    wechat = "Mozilla/5.0 (Linux; Android 13; V2199A) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0"
    assert device_name(wechat) == "安卓手机 · 微信"
    assert device_name("") == "其他设备"
