"""What would tell whose wish it is, is found however it is written; a clean text passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cishan.wishes.identifying import FindingKind, Known, find_identifying

FAMILY = Known(
    names=("张秀英", "王芳", "阿依古丽·买买提", "欧阳晓东"),
    phones=("13905341278",),
    id_numbers=("371402196003074521",),
    places=("新湖街道办事处", "前屯村", "幸福村"),
    school="德城区新湖实验小学",
)
DIGIT_FORMS = ("0123456789", "０１２３４５６７８９", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖")
BETWEEN = ("", " ", "-", "·", ".", "，", "、")

TELLING: list[tuple[str, FindingKind]] = [
    ("张秀英想要一床被子", FindingKind.NAME),
    ("张 秀 英想要一床被子", FindingKind.NAME),
    ("张-秀.英想要一床被子", FindingKind.NAME),
    ("秀英想要一床被子", FindingKind.NAME),
    ("小芳想要一张书桌", FindingKind.NAME),
    ("芳芳想要一张书桌", FindingKind.NAME),
    ("阿芳想要一张书桌", FindingKind.NAME),
    ("阿依古丽想要一张书桌", FindingKind.NAME),
    ("买买提家想要一张书桌", FindingKind.NAME),
    ("晓东想要一张书桌", FindingKind.NAME),
    ("尾号是 1278", FindingKind.NUMBER),
    ("尾号是１２７８", FindingKind.NUMBER),
    ("尾号一二七八", FindingKind.NUMBER),
    ("尾号是 1 2 7 8", FindingKind.NUMBER),
    ("尾号是 1-2，7、8", FindingKind.NUMBER),
    ("出生在 1960 年", FindingKind.NUMBER),
    ("住在前屯村", FindingKind.PLACE),
    ("住在前屯，路不好走", FindingKind.PLACE),
    ("新湖街道的一位老人", FindingKind.PLACE),
    ("新湖镇的一位老人", FindingKind.PLACE),
    ("住在幸福村", FindingKind.PLACE),
    ("在新湖实验小学上三年级", FindingKind.SCHOOL),
    ("在新湖小学上三年级", FindingKind.SCHOOL),
    ("在德城区新湖实验小学读书", FindingKind.SCHOOL),
    ("孩子在育红小学读书", FindingKind.SCHOOL),
    ("打 13812345678 找我", FindingKind.PHONE),
    ("打 138-1234-5678 找我", FindingKind.PHONE),
    ("打一三八一二三四五六七八找我", FindingKind.PHONE),
    ("证件 11010519491231002X", FindingKind.ID_NUMBER),
    ("号码 6222 0212 3456", FindingKind.LONG_NUMBER),
    ("加微信 abc_123", FindingKind.CONTACT),
    ("vx：help2025", FindingKind.CONTACT),
    ("qq 98765", FindingKind.CONTACT),
    ("写信给 a.b@example.com", FindingKind.CONTACT),
    ("住在和平路12号", FindingKind.ADDRESS),
    ("在 3 号楼 2 单元".replace(" ", ""), FindingKind.ADDRESS),
]

CLEAN = [
    "这位老人一个人住，冬天屋里冷，想要一床厚棉被。",
    "孩子今年上小学三年级，想要一张能写字的书桌，价格 300 元左右。",
    "孩子在读初中，晚上写作业看不清，想要一盏护眼台灯。",
    "张某一家四口，想要一口电压力锅，幸福的日子慢慢来。",
    "每周来一次，每次 2 小时，陪老人说说话。2025 年春天开始。",
    "想要一双 38 码的运动鞋，上体育课穿。",
    "他在农村长大，家里有三间房，想学一门手艺。",
    "一家人住在镇上，离学校五公里，想要一辆自行车。",
    "小朋友想要一套课外书，最好有一百页以上的。",
    "奶奶腿脚不方便，想要一根拐杖，二三十块钱的就行。",
]


@pytest.mark.parametrize(("text", "kind"), TELLING)
def test_what_tells_is_found(text: str, kind: FindingKind) -> None:
    assert kind in {finding.kind for finding in find_identifying(text, FAMILY)}, find_identifying(text, FAMILY)


@pytest.mark.parametrize("text", CLEAN)
def test_a_clean_text_passes(text: str) -> None:
    assert find_identifying(text, FAMILY) == []


def test_the_finding_says_what_to_change() -> None:
    (finding,) = find_identifying("张秀英想要被子", FAMILY)
    assert finding.sentence.startswith("“张秀英”像是这家人的名字")


@given(
    start=st.integers(0, 7),
    digits=st.sampled_from(DIGIT_FORMS),
    between=st.sampled_from(BETWEEN),
    before=st.sampled_from(["电话", "尾号是", "请打", ""]),
)
def test_four_digits_of_the_phone_are_found_in_every_form(start: int, digits: str, between: str, before: str) -> None:
    piece = FAMILY.phones[0][start : start + 4]
    written = between.join(digits[int(digit)] for digit in piece)
    kinds = {finding.kind for finding in find_identifying(f"{before}{written}。", FAMILY)}
    assert FindingKind.NUMBER in kinds


@given(
    name=st.text("伟芳娜敏静丽强磊军洋勇艳杰涛明超秀霞平刚桂", min_size=2, max_size=2),
    surname=st.sampled_from("王李张刘陈杨赵黄周吴"),
    between=st.sampled_from(["", " ", "·", "_", "　", "*"]),
)
def test_a_name_is_found_with_anything_between_its_signs(name: str, surname: str, between: str) -> None:
    written = between.join(surname + name)
    found = find_identifying(f"这是{written}的心愿", Known(names=(surname + name,)))
    assert found
    assert find_identifying(f"这是{surname}某的心愿", Known(names=(surname + name,))) == []


@given(st.text(max_size=200))
def test_no_text_breaks_the_check(text: str) -> None:
    find_identifying(text, FAMILY)


@pytest.mark.parametrize(
    "text", ["家在前屯村 12 号，路不好走", "前屯村十二号", "幸福小区 3 号", "后屯 5 组 8 号", "中心路 12 号"]
)
def test_a_door_is_an_address_however_it_is_spaced(text: str) -> None:
    assert FindingKind.ADDRESS in {finding.kind for finding in find_identifying(text, Known())}


@pytest.mark.parametrize("text", ["村里 6 月 1 号有活动", "每月 5 号去镇上", "穿 37 号的鞋", "一号楼"])
def test_a_day_or_a_size_is_no_address(text: str) -> None:
    assert FindingKind.ADDRESS not in {finding.kind for finding in find_identifying(text, Known())}
