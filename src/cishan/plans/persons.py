"""Whether the words of a plan point at a specific person, who can't be the beneficiary of a campaign. Pure.

A finding asks for other words; it accuses nobody, so doubt counts. Phones and ID numbers are found as in a wish's text.
"""

import re
import unicodedata

from cishan.wishes.identifying import COMPOUND_SURNAMES, FindingKind, Known, find_identifying

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟颜倪严牛温"
)
_SURNAME = rf"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{_SURNAMES}])"
_GIVEN = r"[\u4e00-\u9fff某]{1,2}"
_TITLES = "先生|女士|同学|小朋友|老师|师傅|大爷|大娘|奶奶|爷爷|阿姨|同志"
_BEFORE = "患者|病人|患儿|病童|学生|孤儿|女童|男童|女孩|男孩|青年|村民|老人|残疾人|烈士|英雄"
_VERBS = "救助|帮助|资助|救救|帮帮|捐给|帮扶|救治|援助|关爱"
_ILLS = "治病|看病|手术|上学|读书|圆梦|渡过|筹款|募捐|筹集|筹医|医疗费|的家庭|一家|本人"

NAMED = (
    re.compile(rf"(?<!主){_SURNAME}(?:{_GIVEN})?(?:{_TITLES})"),
    re.compile(rf"(?:{_BEFORE}){_SURNAME}{_GIVEN}(?=[\W]|$|{_ILLS})"),
    re.compile(rf"(?:{_VERBS}){_SURNAME}{_GIVEN}(?=[\W]|$|{_ILLS}|等)"),
    re.compile(rf"(?:为|给|替){_SURNAME}{_GIVEN}(?={_ILLS})"),
)
_NOT_NAMES = frozenset(
    {"白血病", "康复期", "高龄", "高中", "高校", "文化", "白内障", "金融", "石家庄", "江苏", "武城", "夏津", "田间"}
)


def person_named_in(text: str) -> str:
    """The words that point at somebody: a name, a phone or an ID number; empty when there are none."""
    plain = unicodedata.normalize("NFKC", text)
    for finding in find_identifying(plain, Known()):
        if finding.kind in {FindingKind.PHONE, FindingKind.ID_NUMBER}:
            return finding.words
    for pattern in NAMED:
        for match in pattern.finditer(plain):
            if not any(word in match.group() for word in _NOT_NAMES):
                return match.group()
    return ""
