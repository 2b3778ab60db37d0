"""The made-up people of the demo: staff with names and phones to sign in with, donors, and families by the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from stdnum.cn import ric

from cishan.accounts.states import Role
from cishan.households.actions import HouseholdFacts, MemberFacts
from cishan.households.states import Group

SEED = 371400
PASSWORD = "fengzheng-2468"
CITY = "371400000000"


@dataclass(frozen=True)
class StaffSample:
    role: Role
    place: str
    name: str
    phone: str


@dataclass(frozen=True)
class DonorSample:
    name: str
    phone: str
    organisation: tuple[str, str] | None = None


VILLAGES: tuple[str, ...] = (
    "371402001001",
    "371402001002",
    "371403101205",
    "371403101206",
    "371425001001",
    "371425001002",
)
"""Two villages in one town of each of three counties."""

COORDINATORS = ("周桂兰", "吴建国", "郑红梅", "王立新", "冯秀云", "陈树森")
REVIEWERS = ("赵敏", "孙志强", "李海燕")

STAFF: tuple[StaffSample, ...] = (
    StaffSample(Role.ADMIN, CITY, "钱文博", "13905340001"),
    StaffSample(Role.EDITOR, CITY, "刘思远", "13905340002"),
    StaffSample(Role.FINANCE, CITY, "马静", "13905340003"),
    StaffSample(Role.SUPERVISOR, CITY, "郭正", "13905340004"),
    StaffSample(Role.FINANCE, CITY, "何敏", "13905340005"),
    StaffSample(Role.BOOKKEEPER, CITY, "孟素云", "13905340006"),
    StaffSample(Role.CASHIER, CITY, "田小满", "13905340007"),
    StaffSample(Role.DIRECTOR, CITY, "蒋怀民", "13905340008"),
    StaffSample(Role.EDITOR, CITY, "陈雅琴", "13905340009"),
)

DONORS: tuple[DonorSample, ...] = (
    DonorSample("王芳", "13805340001"),
    DonorSample("李明", "13805340002"),
    DonorSample("张伟", "13805340003"),
    DonorSample("刘洋", "13805340004"),
    DonorSample("陈晨", "13805340005"),
    DonorSample("赵经理", "13805340006", ("德州示例商贸有限公司", "91371400MA3C00001D")),
)

SURNAMES = "张王李赵刘陈杨孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾"
ELDER_NAMES = ("秀英", "桂兰", "玉梅", "德福", "长生", "树林", "淑珍", "凤霞", "广田", "明义")
ADULT_NAMES = ("建军", "海燕", "志强", "丽娟", "卫东", "春梅", "国庆", "红霞", "永刚", "艳玲")
CHILD_NAMES = ("梓涵", "浩宇", "欣怡", "子轩", "雨桐", "小满", "佳琪", "天佑", "思雨", "乐乐")


@dataclass(frozen=True)
class Family:
    """A family and what it lives on: the income a head that is set against the 低保 standard, in fen a month."""

    facts: HouseholdFacts
    group: Group
    income_fen: int


def families(village: str, count: int, today: date, random_: random.Random) -> Iterator[Family]:
    """Families of a village; the same seed makes the same ones."""
    for number in range(1, count + 1):
        group = random_.choice([Group.MINIMUM_LIVING] * 4 + [Group.EXTREME_HARDSHIP, Group.MARGINAL, Group.AT_RISK])
        members = _members(village, group, today, random_)
        address = f"{random_.randint(1, 6)} 组 {number * 3 + random_.randint(0, 2)} 号"
        yield Family(HouseholdFacts(village, address, members), group, random_.randrange(12_000, 42_000, 500))


def _members(village: str, group: Group, today: date, random_: random.Random) -> tuple[MemberFacts, ...]:
    since = today - timedelta(days=random_.randint(420, 900))
    surname = random_.choice(SURNAMES)
    born = [random_.randint(1944, 1956)]
    names = [surname + random_.choice(ELDER_NAMES)]
    relations = ["户主"]
    if group is not Group.EXTREME_HARDSHIP:
        if random_.random() < 0.5:
            born.append(random_.randint(1974, 1988))
            names.append(surname + random_.choice(ADULT_NAMES))
            relations.append("儿子" if random_.random() < 0.5 else "女儿")
        born.append(random_.randint(2012, 2018))
        names.append(surname + random_.choice(CHILD_NAMES))
        relations.append("孙子" if random_.random() < 0.5 else "孙女")
    return tuple(
        MemberFacts(
            name=name,
            id_number=_id_number(village[:6], year, random_),
            phone=_phone(random_) if place == 0 else None,
            relation=relation,
            groups=(group,),
            from_on=max(since, date(year + 1, 1, 1)),
        )
        for place, (name, year, relation) in enumerate(zip(names, born, relations, strict=True))
    )


def _id_number(county: str, year: int, random_: random.Random) -> str:
    body = f"{county}{year}{random_.randint(1, 12):02}{random_.randint(1, 28):02}{random_.randint(100, 989):03}"
    return body + str(ric.calc_check_digit(body + "0"))


def _phone(random_: random.Random) -> str:
    return f"137{random_.randint(0, 99_999_999):08d}"
