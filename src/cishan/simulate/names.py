"""Names and numbers of people who do not exist, drawn by seed; every check digit is true."""

from datetime import date, timedelta
from random import Random

from stdnum.cn import ric
from stdnum.cn import uscc as uscc_number

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英文辉力健玉梅建国春花志红海燕金凤桂兰"
RARE = "㐱㛃䶮𬭼𫖯"
"""Characters of names that not every font has; a few people carry one."""
RARE_SHARE = 0.002


def person_name(rng: Random, surname: str = "") -> str:
    given = "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))
    if rng.random() < RARE_SHARE:
        given = given[:1] + rng.choice(RARE)
    return (surname or rng.choice(SURNAMES)) + given


def birth_day(rng: Random, year: int, ages: tuple[int, int]) -> date:
    """A day on which someone was born who has completed so many years before the year begins."""
    youngest, oldest = ages
    return date(year - 1 - rng.randint(youngest, oldest), 1, 1) + timedelta(days=rng.randrange(365))


class IdNumbers:
    """Gives ID numbers, each once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def new(self, county: str, born: date) -> str:
        while True:
            stem = f"{county[:6]}{born:%Y%m%d}{self._rng.randrange(1, 1000):03d}"
            if stem not in self._given:
                self._given.add(stem)
                return stem + ric.calc_check_digit(stem + "0")


def uscc(place: int) -> str:
    """A unified code of a company of our own invention (GB 32100-2015)."""
    stem = f"91371400MA{place:07d}"
    return stem + uscc_number.calc_check_digit(stem + "0")
