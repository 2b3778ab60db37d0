"""Pure rules of accounts: what is a phone, what is a password, who works where."""

import re
from collections.abc import Collection
from ipaddress import ip_address, ip_network

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.divisions.rules import significant

MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
DIGITS_OF_ALL = str.maketrans("０１２３４５６７８９", "0123456789", " -　")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 128
NAME_LONGEST = 40

PLACES_OF_ROLE: dict[Role, Collection[int]] = {
    Role.COORDINATOR: (12,),
    Role.TOWN_REVIEWER: (9,),
    Role.EDITOR: (4, 6),
    Role.FINANCE: (4, 6),
    Role.BOOKKEEPER: (4, 6),
    Role.CASHIER: (4, 6),
    Role.DIRECTOR: (4, 6),
    Role.SUPERVISOR: (4, 6, 9),
    Role.ADMIN: (4, 6),
}
"""How many digits of the division code are significant where a role may work: 4 city, 6 county, 9 town, 12 village."""

TAKE_TWO = frozenset({Role.ADMIN, Role.FINANCE, Role.BOOKKEEPER, Role.CASHIER, Role.DIRECTOR})
"""Roles that one administrator proposes and another confirms."""

PLACE_SENTENCES: dict[Role, str] = {
    Role.COORDINATOR: "民政协理员要选一个村或社区。",
    Role.TOWN_REVIEWER: "乡镇审核员要选一个乡镇或街道。",
    Role.EDITOR: "慈善总会编辑要选市或县。",
    Role.FINANCE: "慈善总会财务要选市或县。",
    Role.BOOKKEEPER: "慈善总会会计要选市或县。",
    Role.CASHIER: "慈善总会出纳要选市或县。",
    Role.DIRECTOR: "慈善总会负责人要选市或县。",
    Role.SUPERVISOR: "监督员要选市、县或乡镇。",
    Role.ADMIN: "系统管理员要选市或县。",
}


def read_phone(text: str) -> str:
    """The eleven digits of a mainland mobile; raises ValueError with a sentence for anything else."""
    digits = text.translate(DIGITS_OF_ALL).removeprefix("+86")
    if MOBILE.fullmatch(digits):
        return digits
    if digits.isdigit() and len(digits) != 11:
        raise ValueError(f"手机号码要 11 位数字，您填了 {len(digits)} 位。")
    raise ValueError("请填写 11 位的手机号码，以 1 开头。")


def masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def may_work_in(role: Role, division_code: str) -> bool:
    """Whether a role belongs to a place of this level: a coordinator has a village, an editor a county or the city."""
    return len(significant(division_code)) in PLACES_OF_ROLE.get(role, ())


def administers(actor: Viewer, division_code: str) -> bool:
    """An administrator's power ends at the border of their division."""
    return actor.role is Role.ADMIN and actor.covers(division_code)


def takes_two_administrators(before: Role | str | None, after: Role) -> bool:
    """Who may appoint and who may move money is never one person's decision."""
    return bool({before, after} & TAKE_TWO)


def check_password(password: str, phone: str = "") -> None:
    """Raises ValueError with a sentence for a password too short, too long or too easily guessed (ASVS 6.2.1-6.2.4).

    The usual lists hold few passwords of ten characters; those that do are a common word with digits around it, one
    run along the keyboard, or one thing repeated. That is what is refused, and nothing is asked about kinds of letters.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"密码至少要 {SHORTEST_PASSWORD} 个字符，可以用一句好记的话。")
    if len(password) > LONGEST_PASSWORD:
        raise ValueError(f"密码太长了，最多 {LONGEST_PASSWORD} 个字符。")
    if is_easily_guessed(password) or (phone and phone in password):
        raise ValueError("这个密码太容易被猜到。请换一个，比如用三四个不相干的词。")


def is_easily_guessed(password: str) -> bool:
    plain = password.lower()
    return (
        plain in COMMON_NUMBERS
        or len(set(plain)) < 4
        or _is_repeated(plain)
        or _is_a_run(plain)
        or _is_common_word(plain)
    )


def _is_repeated(text: str) -> bool:
    """The same few characters over and over: abcabcabcabc."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_a_run(text: str) -> bool:
    return any(text in run + run or text[::-1] in run + run for run in KEYBOARD_RUNS)


def _is_common_word(text: str) -> bool:
    """One or two common words, with digits and signs before, between and after: woaini1314, admin@123456."""
    core = text.strip("0123456789.,!@#$%^&*()_-+=~?/ ")
    letters = re.sub(r"[^a-z]", "", core.translate(LETTER_LOOKALIKES))
    words = re.sub(r"[^a-z]", "", text)
    return any(found in COMMON_WORDS or _is_two_words(found) for found in (letters, words) if found)


def _is_two_words(letters: str) -> bool:
    return any(letters[:cut] in COMMON_WORDS and letters[cut:] in COMMON_WORDS for cut in range(1, len(letters)))


LETTER_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")
KEYBOARD_RUNS = (
    "1234567890",
    "0987654321",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "a1b2c3d4e5f6g7h8i9j0",
    "147258369",
    "123456789a",
)
WORDS = """
a aa aaa abc abcd abcde abcdef asd asdf asdfgh asdfghjkl q qq qwe qwer qwert qwerty qwertyuiop qaz qazwsx qazwsxedc
wsx edc zxc zxcv zxcvbn zxcvbnm password passwd passw pass pwd mima admin administrator root user guest test demo
welcome letmein login master secret changeme default hello system superman batman dragon monkey football baseball
princess sunshine shadow michael jordan jennifer charlie computer internet iloveyou loveyou love baby china beijing
shanghai shandong dezhou cishan gongyi aixin weixinyuan xinyuan minzheng woaini woaiwo aini woaiwojia wo ai ni ta
nihao zhang wang li liu chen yang huang zhao wu zhou xu sun xiao lao ming wei hua zaijian wodemima mimashi haha
tianya taobao weixin wechat alipay zhifubao tencent baidu google apple samsung huawei iphone xiaomi
"""
COMMON_WORDS = frozenset(WORDS.split())
COMMON_NUMBERS = frozenset({"5201314520", "1314520520", "5201314521", "1314521521", "7758521520", "5845201314"})


def device_name(user_agent: str) -> str:
    """A device as its owner knows it, from what the browser says of itself: "安卓手机 · 微信"."""
    machines = (
        ("iPhone", "苹果手机"),
        ("iPad", "苹果平板"),
        ("HarmonyOS", "华为手机"),
        ("Android", "安卓手机"),
        ("Windows", "Windows 电脑"),
        ("Macintosh", "苹果电脑"),
        ("Linux", "Linux 电脑"),
    )
    browsers = (
        ("MicroMessenger", "微信"),
        ("AlipayClient", "支付宝"),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    machine = next((name for sign, name in machines if sign in user_agent), "其他设备")
    browser = next((name for sign, name in browsers if sign in user_agent), "")
    return f"{machine} · {browser}" if browser else machine


def network_of(address: str) -> str:
    """The neighbours of an address: its /24, or /48 for IPv6. An address nobody can read is its own neighbour."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


def wait_sentence(seconds: int) -> str:
    """When to come back, rounded up: 40 -> "请 40 秒后再试", 130 -> "请 3 分钟后再试"."""
    for size, name in ((3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"请 {-(-seconds // size)} {name}后再试。"
    return f"请 {max(seconds, 1)} 秒后再试。"
