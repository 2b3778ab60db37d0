"""Finds in a public text what would tell whose wish it is: names, numbers, places, schools, ways to reach someone. Pure.

People write around a check: full-width digits, Chinese numerals, spaces between the signs. So the text is first brought to
one form, and a name is looked for in the text without anything between its signs. A finding is a reason to write
other words, never a verdict, so doubt counts as a finding.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

DIGITS_THAT_TELL = 4
LONG_NUMBER_DIGITS = 7


class FindingKind(StrEnum):
    NAME = "name"
    NUMBER = "number"
    PLACE = "place"
    SCHOOL = "school"
    PHONE = "phone"
    ID_NUMBER = "id_number"
    LONG_NUMBER = "long_number"
    CONTACT = "contact"
    ADDRESS = "address"


SENTENCES = {
    FindingKind.NAME: "“{}”像是这家人的名字，请换成“这位老人”“孩子”这样的说法",
    FindingKind.NUMBER: "“{}”是这家人电话或身份证号里的数字，请去掉",
    FindingKind.PLACE: "“{}”说出了住在哪里，请去掉，县以下的地名都不公开",
    FindingKind.SCHOOL: "“{}”说出了学校，请只写“读小学”“读初中”",
    FindingKind.PHONE: "“{}”像是电话号码，请去掉",
    FindingKind.ID_NUMBER: "“{}”像是身份证号，请去掉",
    FindingKind.LONG_NUMBER: "“{}”像是号码，请去掉",
    FindingKind.CONTACT: "“{}”像是微信、邮箱或网址，请去掉",
    FindingKind.ADDRESS: "“{}”像是住址，请去掉",
}


@dataclass(frozen=True)
class Known:
    """What is known of the family: the exact things that must not appear."""

    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    id_numbers: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    school: str = ""


@dataclass(frozen=True)
class Finding:
    """`words` is the part of the text that gave it away, as it reads without what stood between."""

    kind: FindingKind
    words: str

    @property
    def sentence(self) -> str:
        return SENTENCES[self.kind].format(self.words) + "。"


NUMERALS = str.maketrans("〇零○一壹幺二贰两三叁四肆五伍六陆七柒八捌九玖", "00011122233445566778899")

_COMPOUND_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容
仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 令狐 呼延 拓跋 轩辕
"""
_NOT_NICKNAMES = """
小学 小时 小朋 小心 小组 小区 小事 小家 小孩 小康 小麦 小夜 小院 小型 小说 小米 小屋 小伙 小卖 小镇 小村 小于 天天 人人 家家 常常
"""
_ORDINARY_WORDS = """
幸福 和平 光明 团结 胜利 东风 希望 阳光 向阳 新建 中心 健康 建设 前进 友谊 文化 新华 学院 体育 解放 人民 文明 红旗 中华 长江 黄河
平安 安居 实验 新村 新生 大学 学府 民族 民主 富裕 同心 同乐 长寿 康乐 和谐 第一 第二
"""
COMPOUND_SURNAMES = frozenset(_COMPOUND_SURNAMES.split())
NOT_NICKNAMES = frozenset(_NOT_NICKNAMES.split())
"""Words that begin or end like a nickname and are none."""
ORDINARY_WORDS = frozenset(_ORDINARY_WORDS.split())
"""Words of every text that are also the names of villages and schools: they tell only with 村 or 小学 behind them."""
PLACE_SUFFIX = re.compile(
    r"(街道办事处|社区居民委员会|社区居委会|村民委员会|居民委员会|村委会|居委会|民族乡|街道|社区|镇|乡|村|庄|屯|嘎查|苏木)$"
)
PLACE_SUFFIXES = ("村", "镇", "乡", "街道", "社区", "庄", "屯", "嘎查", "苏木", "小区")
SCHOOL_SUFFIX = re.compile(
    r"(中心小学|实验小学|实验中学|实验学校|九年一贯制学校|希望小学|小学|中学|初中|高中|学校|幼儿园|职业学院)$"
)
SCHOOL_SUFFIXES = ("小学", "中学", "初中", "高中", "学校", "幼儿园", "中心小学", "实验小学", "希望小学")
ABOVE = re.compile(r"^.{2,8}?(?:市|县|区|镇|乡)(?=.{2})")

BETWEEN_DIGITS = r"[\s\-—–_.·•*]{0,3}"
DIGIT_RUN = re.compile(rf"\d(?:{BETWEEN_DIGITS}[\dXx])*")
PHONE = re.compile(r"1[3-9]\d{9}")
ID_NUMBER = re.compile(r"[1-8]\d{16}[\dXx]|[1-8]\d{14}(?!\d)")
CONTACT = re.compile(
    r"(?:微信|威信|薇信|卫星号|[vV]信|[vV]\s?[xX]|[wW][xX]|[wW]e[cC]hat|[wW]ei[xX]in|[qQ]{2}|扣扣|抖音|快手)\s*(?:号码?|[iI][dD])?\s*(?:是|为|[:：])?\s*"
    r"[A-Za-z0-9_\-]{4,20}"
    r"|(?:微信号|加微信|加[vV](?![a-z])|[qQ]{2}号)"
    r"|[A-Za-z0-9._\-]+@[A-Za-z0-9.\-]+|(?:https?:|www\.)\S+|[A-Za-z][A-Za-z\-_]*\d[A-Za-z0-9\-_]{4,}"
)
ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2,8}(?:路|街|巷|胡同|大道|里弄)\d+号?"
    r"|[\u4e00-\u9fff]{1,8}(?:路|街|巷|胡同|大道|里弄|村|屯|庄|社区|小区)\s*(?:\d+|[一二三四五六七八九十百]+)\s*号"
    r"|(?:\d+|[一二三四五六七八九十]+)\s*组\s*(?:\d+|[一二三四五六七八九十百]+)\s*号"
    r"|\d+(?:号楼|栋|幢|单元|号院|号门|门牌|村民小组)|(?:门牌|家住|住址|地址)[是:：]?[\u4e00-\u9fff\d]{2,}"
)
SOME_SCHOOL = re.compile(
    r"[\u4e00-\u9fff]{1,6}[^上读在念升是的个所了进到完从离入刚本一同村镇乡县城名位为去\W](?:中心|实验|希望|第[一二三四五六七八九十\d]+)?(?:小学|中学|幼儿园)"
)
SOME_PLACE = re.compile(
    r"[\u4e00-\u9fff]{2,6}(?:街道办|村委会|居委会|嘎查|[一二三四五六七八九十\d]组(?=[\u4e00-\u9fff]|$))"
)


def find_identifying(text: str, known: Known) -> list[Finding]:
    """Everything in the text that would tell whose wish it is, each once, in the order of FindingKind's care."""
    plain = unicodedata.normalize("NFKC", text)
    dense = "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LN")
    found = [
        *_names(dense, known.names),
        *_known_digits(dense, (*known.phones, *known.id_numbers)),
        *_places(dense, known.places),
        *_schools(dense, known.school),
        *_numbers(plain),
        *_shapes(plain),
    ]
    return list(dict.fromkeys(found))


def _names(dense: str, names: tuple[str, ...]) -> Iterator[Finding]:
    for name in names:
        for form in name_forms(name):
            if form in dense:
                yield Finding(FindingKind.NAME, form)
                break


def name_forms(name: str) -> list[str]:
    """The forms under which a name is known in a village: whole, given name, nickname; surname with 某 is none of them."""
    parts = [part for part in re.split(r"[·•・.\s]", unicodedata.normalize("NFKC", name)) if part]
    whole = "".join(parts)
    if len(parts) > 1:
        return [whole, *(part for part in parts if len(part) >= 2)]
    surname = 2 if whole[:2] in COMPOUND_SURNAMES and len(whole) > 2 else 1
    given = whole[surname:]
    forms = [whole] if len(whole) >= 2 else []
    if len(given) >= 2:
        forms.append(given)
    if given:
        forms += [f"小{given}", f"小{given[-1]}", f"阿{given[-1]}", given[-1] * 2]
    return [form for form in forms if form not in NOT_NICKNAMES]


def _known_digits(dense: str, numbers: tuple[str, ...]) -> Iterator[Finding]:
    digits = re.findall(rf"\d{{{DIGITS_THAT_TELL},}}", dense.translate(NUMERALS))
    for run in digits:
        for start in range(len(run) - DIGITS_THAT_TELL + 1):
            piece = run[start : start + DIGITS_THAT_TELL]
            if any(piece in number for number in numbers):
                yield Finding(FindingKind.NUMBER, piece)
                break


def _places(dense: str, places: tuple[str, ...]) -> Iterator[Finding]:
    for place in places:
        form = _form_found(dense, PLACE_SUFFIX.sub("", place), PLACE_SUFFIXES, place)
        if form:
            yield Finding(FindingKind.PLACE, form)


def _schools(dense: str, school: str) -> Iterator[Finding]:
    if not school:
        return
    below = ABOVE.sub("", school)
    form = _form_found(dense, SCHOOL_SUFFIX.sub("", below), SCHOOL_SUFFIXES, school)
    if form:
        yield Finding(FindingKind.SCHOOL, form)


def _form_found(dense: str, stem: str, suffixes: tuple[str, ...], whole: str) -> str:
    """The form of a place's name that stands in the text; an ordinary word counts only with its suffix."""
    if whole in dense:
        return whole
    for suffix in suffixes:
        if stem and stem + suffix in dense:
            return stem + suffix
    return stem if len(stem) >= 2 and stem not in ORDINARY_WORDS and stem in dense else ""


def _numbers(plain: str) -> Iterator[Finding]:
    for match in DIGIT_RUN.finditer(plain.translate(NUMERALS)):
        run = re.sub(r"[^\dXx]", "", match.group())
        if ID_NUMBER.search(run):
            yield Finding(FindingKind.ID_NUMBER, run)
        elif PHONE.search(run):
            yield Finding(FindingKind.PHONE, run)
        elif len(run) >= LONG_NUMBER_DIGITS:
            yield Finding(FindingKind.LONG_NUMBER, run)


def _shapes(plain: str) -> Iterator[Finding]:
    for kind, pattern in (
        (FindingKind.CONTACT, CONTACT),
        (FindingKind.ADDRESS, ADDRESS),
        (FindingKind.PLACE, SOME_PLACE),
        (FindingKind.SCHOOL, SOME_SCHOOL),
    ):
        for match in pattern.finditer(plain):
            yield Finding(kind, match.group())
