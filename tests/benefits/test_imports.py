"""Imports of the bureau's files: every wrong row is named, a file goes in whole or not at all, and again changes nothing."""

import csv
import os
import stat
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from cishan.accounts.states import Role
from cishan.accounts.viewer import Viewer
from cishan.benefits.abandoned import KEPT_UNUSED, forget_abandoned_imports
from cishan.benefits.imports import ROWS_AT_ONCE, apply_import, errors_path, preview_import
from cishan.benefits.programmes import load_programmes
from cishan.benefits.queries import ImportView, import_visible_to
from cishan.benefits.rules import BENEFIT_COLUMNS, REGISTRY_COLUMNS
from cishan.benefits.staging import Counts
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.clock import SteppedClock
from cishan.csv_files import MOST_BYTES, UnreadableFile, keep_file
from cishan.database import rows
from cishan.divisions.actions import load_divisions
from cishan.divisions.rules import county_of
from cishan.errors import Forbidden, IllegalMove, InvalidInput, NotFound
from cishan.households.queries import household_visible_to, members_now
from cishan.sealing import Sealer
from cishan.settings import Settings
from makers import (
    COUNTY,
    OTHER_COUNTY_VILLAGE,
    OTHER_VILLAGE,
    VILLAGE,
    make_admin,
    make_charity,
    make_household,
    make_staff,
    new_id_number,
)

HUGE_CELL = "甲" * 1_000_000


@dataclass(frozen=True)
class Bureau:
    """Someone with files to import."""

    admin: Viewer
    directory: Path
    sealer: Sealer
    clock: SteppedClock

    def write(self, name: str, columns: tuple[str, ...], lines: list[list[str]], encoding: str = "utf-8-sig") -> Path:
        self.directory.mkdir(exist_ok=True)
        path = self.directory / name
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([list(columns), *lines])
        return path

    async def preview(self, kind: ImportKind, path: Path) -> ImportView:
        batch_id = await preview_import(
            kind, path, directory=self.store, actor=self.admin, sealer=self.sealer, now=self.clock.now()
        )
        return await import_visible_to(self.admin, batch_id)

    async def registry(self, *lines: list[str]) -> ImportView:
        return await self.preview(ImportKind.REGISTRY, self.write("registry.csv", REGISTRY_COLUMNS, list(lines)))

    async def benefits(self, *lines: list[str]) -> ImportView:
        return await self.preview(ImportKind.BENEFITS, self.write("benefits.csv", BENEFIT_COLUMNS, list(lines)))

    async def apply(self, view: ImportView) -> Counts:
        return await apply_import(
            view.id, directory=self.store, actor=self.admin, sealer=self.sealer, now=self.clock.now()
        )

    @property
    def store(self) -> Path:
        return self.directory / "store"


@pytest.fixture
async def bureau(transaction: Settings, sealer: Sealer, clock: SteppedClock, tmp_path: Path) -> Bureau:
    await make_charity(now=clock.now())
    await load_programmes()
    admin = await make_admin(sealer=sealer, now=clock.now())
    return Bureau(admin, tmp_path, sealer, clock)


def person(
    case: str = "DB-0001",
    village: str = VILLAGE,
    address: str = "3 组 12 号",
    name: str = "阚守义",
    number: str = "",
    phone: str = "13900000001",
    relation: str = "户主",
    group: str = "低保",
    since: str = "2020-01-01",
) -> list[str]:
    return [case, village, address, name, number or new_id_number(), phone, relation, group, since]


def payment(
    number: str, programme: str = "DIBAO", month: str = "2025-01", amount: str = "761.00", paid_on: str = "2025-01-20"
) -> list[str]:
    return [number, programme, month, amount, paid_on]


async def test_a_registry_becomes_households_with_members_and_groups(bureau: Bureau) -> None:
    child = new_id_number(2015)
    view = await bureau.registry(
        person(name="阚小满", number=child, phone="", relation="孙女", group=""),
        person(name="阚守义", group="低保、防返贫监测"),
        person(case="DB-0002", name="阿卜杜拉·买买提", phone="0534-2345678"),
    )
    assert (view.status, view.rows_new, view.rows_wrong) == (ImportStatus.PREVIEWED, 3, 0)
    assert not await rows("SELECT 1 FROM household")
    assert await bureau.apply(view) == Counts(new=3)
    homes = {row["case_number"]: row["id"] for row in await rows("SELECT id, case_number FROM household")}
    assert set(homes) == {"DB-0001", "DB-0002"}
    people = await members_now(homes["DB-0001"], sealer=bureau.sealer)
    assert [member.name for member in people] == ["阚守义", "阚小满"]
    groups = await rows('SELECT "group", from_on FROM group_membership ORDER BY id')
    assert len(groups) == 3
    assert groups[0]["from_on"] == date(2020, 1, 1)


async def test_the_same_registry_again_changes_nothing(bureau: Bureau) -> None:
    lines = [person(), person(case="DB-0002", name="王桂芝")]
    await bureau.apply(await bureau.registry(*lines))
    before = await rows("SELECT * FROM person ORDER BY id"), await rows("SELECT * FROM event ORDER BY id")
    view = await bureau.registry(*lines)
    assert (view.rows_new, view.rows_same, view.rows_changed) == (0, 2, 0)
    assert await bureau.apply(view) == Counts(same=2)
    assert (await rows("SELECT * FROM person ORDER BY id"), await rows("SELECT * FROM event ORDER BY id")) == before


async def test_a_changed_registry_moves_the_family_and_keeps_the_old_address(bureau: Bureau) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    moved = person(number=number, village=OTHER_VILLAGE, address="7 组 1 号", phone="13900000002", group="特困")
    view = await bureau.registry(moved)
    assert (view.rows_new, view.rows_changed) == (0, 1)
    await bureau.apply(view)
    home = (await rows("SELECT id, division_code FROM household"))[0]
    assert home["division_code"] == OTHER_VILLAGE
    kept = (await rows("SELECT division_code, address_sealed FROM former_address"))[0]
    assert kept["division_code"] == VILLAGE
    assert bureau.sealer.open(kept["address_sealed"], "household.address") == "3 组 12 号"
    assert (await members_now(home["id"], sealer=bureau.sealer))[0].phone == "13900000002"
    assert len(await rows("SELECT 1 FROM group_membership WHERE to_on IS NULL")) == 2
    assert (await bureau.registry(moved)).rows_same == 1


@pytest.mark.parametrize(
    ("column", "line", "sentence"),
    [
        ("身份证号", person(number="371402196001010014"), "有一位不对"),
        ("身份证号", person(number="371402600101001"), "15 位的老号码"),
        ("身份证号", person(number="371402200902290018"), "出生日期不对"),
        ("身份证号", person(number="3.71402E+17"), "身份证号要 18 位"),
        ("身份证号", person(number="9" * 1_000), "太长了"),
        ("姓名", person(name="=cmd|'/C calc'!A0"), "姓名里有数字或符号"),
        ("姓名", person(name=""), "请填写姓名"),
        ("姓名", person(name="阚\x00守义"), "不能识别的字符"),
        ("地址", person(address=HUGE_CELL), "太长了"),
        ("村代码", person(village="371402001000"), "写到村或社区"),
        ("村代码", person(village="371402001999"), "没有这个村代码"),
        ("电话", person(phone="12345"), "11 位"),
        ("类别", person(group="富裕"), "没有“富裕”这一类"),
        ("起始日", person(since="2009-02-29"), "没有这一天"),
        ("起始日", person(since="2025-03-04"), "不能晚于今天"),
        ("户编号", person(case="一号"), "户编号要 4 到 24 位"),
    ],
)
async def test_a_hostile_registry_row_is_named_by_row_and_column(
    bureau: Bureau, column: str, line: list[str], sentence: str
) -> None:
    view = await bureau.registry(person(case="DB-0009", name="王桂芝"), line)
    assert view.status is ImportStatus.REFUSED
    assert view.rows_wrong == 1
    error = view.errors[0]
    assert (error["row"], error["column"]) == (3, column)
    assert sentence in str(error["sentence"])
    with pytest.raises(IllegalMove):
        await bureau.apply(view)
    assert not await rows("SELECT 1 FROM person")


async def test_what_only_looks_odd_is_put_right(bureau: Bureau) -> None:
    """A small x, full-width digits, a rare name and a formula in an address are all text that can be kept."""
    with_x = next(number for number in (new_id_number() for _ in range(200)) if number.endswith("X"))
    wide = new_id_number().translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    view = await bureau.registry(
        person(number=with_x.lower(), address="=1+1", name="𫝆𠮷𰻞"),
        person(case="DB-0002", number=wide, since="2020/1/5", village=VILLAGE.replace("3", "３")),
    )
    assert (view.status, view.errors) == (ImportStatus.PREVIEWED, ())
    await bureau.apply(view)
    home = (await rows("SELECT id, address_sealed FROM household ORDER BY id"))[0]
    assert bureau.sealer.open(home["address_sealed"], "household.address") == "=1+1"
    assert (await members_now(home["id"], sealer=bureau.sealer))[0].id_number == with_x


async def test_contradictions_inside_a_file_and_with_the_registry_are_wrong_rows(bureau: Bureau) -> None:
    known, twice = new_id_number(), new_id_number()
    await bureau.apply(await bureau.registry(person(case="DB-0001", number=known)))
    view = await bureau.registry(
        person(case="DB-0002", number=twice),
        person(case="DB-0003", number=twice),
        person(case="DB-0002", address="别的地方"),
        person(case="DB-0004", number=known),
        person(case="DB-0001", number=known, name="阚守礼"),
    )
    found = [(error["row"], error["column"]) for error in view.errors]
    assert found == [(3, "身份证号"), (4, "地址"), (5, "户编号"), (6, "身份证号")]


async def test_a_file_reaches_no_further_than_its_bearer(bureau: Bureau, sealer: Sealer, clock: SteppedClock) -> None:
    await load_divisions(county_of(OTHER_COUNTY_VILLAGE))
    county = await make_staff(Role.ADMIN, COUNTY, sealer=sealer, now=clock.now())
    here = Bureau(county, bureau.directory, sealer, clock)
    view = await here.registry(person(village=VILLAGE), person(case="DB-0002", village=OTHER_COUNTY_VILLAGE))
    assert view.status is ImportStatus.REFUSED
    assert (view.errors[0]["row"], view.errors[0]["sentence"]) == (3, "这个村不在您管的地方。")
    far = new_id_number()
    await bureau.apply(await bureau.registry(person(case="DB-0003", village=OTHER_COUNTY_VILLAGE, number=far)))
    taken = await here.registry(person(case="DB-0003", village=VILLAGE))
    assert taken.errors[0]["sentence"] == "这个户编号已经在别的地方用了。"
    payments = await here.benefits(payment(far))
    assert payments.errors[0]["sentence"] == "这个人不在您管的地方。"
    with pytest.raises(NotFound):
        await import_visible_to(county, (await bureau.registry(person())).id)
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    with pytest.raises(Forbidden):
        await Bureau(coordinator, bureau.directory, sealer, clock).registry(person())


async def test_an_imported_family_is_looked_after_by_its_villages_coordinator(
    bureau: Bureau, sealer: Sealer, clock: SteppedClock
) -> None:
    view = await bureau.registry(person(name="阚小满", number=new_id_number(2015)))
    await bureau.apply(view)
    home = (await rows("SELECT id FROM household"))[0]["id"]
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    seen = await household_visible_to(coordinator, home, sealer=sealer, now=clock.now())
    assert seen.members[0].name.text == "阚小满"
    reviewer = await make_staff(Role.TOWN_REVIEWER, "371402001000", sealer=sealer, now=clock.now())
    hidden = await household_visible_to(reviewer, home, sealer=sealer, now=clock.now())
    assert hidden.members[0].needs_grant


async def test_payments_are_counted_once_however_often_they_come(bureau: Bureau) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    lines = [payment(number), payment(number, month="2025-02", paid_on="2025-02-20"), payment(number, "高龄津贴")]
    view = await bureau.benefits(*lines)
    assert (view.status, view.rows_new) == (ImportStatus.PREVIEWED, 3)
    assert await bureau.apply(view) == Counts(new=3)
    with pytest.raises(IllegalMove):
        await bureau.apply(view)
    again = await bureau.benefits(*lines, payment(number, month="2024-12"))
    assert (again.rows_new, again.rows_same) == (1, 3)
    assert await bureau.apply(again) == Counts(new=1, same=3)
    found = await rows("SELECT count(*) AS rows, sum(amount_fen) AS fen FROM benefit_record")
    assert (found[0]["rows"], found[0]["fen"]) == (4, 4 * 76_100)


async def test_a_changed_sum_is_refused_and_never_overwrites(bureau: Bureau) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    await bureau.apply(await bureau.benefits(payment(number)))
    view = await bureau.benefits(payment(number, month="2024-12"), payment(number, amount="762"))
    assert view.status is ImportStatus.REFUSED
    assert (view.errors[0]["row"], view.errors[0]["column"]) == (3, "金额")
    assert "更正" in str(view.errors[0]["sentence"])
    assert len(await rows("SELECT 1 FROM benefit_record")) == 1


@pytest.mark.parametrize(
    ("column", "changes", "sentence"),
    [
        ("月份", {"month": "2025-13"}, "月份请写成"),
        ("月份", {"month": "Jan-25"}, "月份请写成"),
        ("月份", {"month": "2025-04"}, "不能晚于这个月"),
        ("月份", {"month": "1999-12"}, "2000 年以后"),
        ("金额", {"amount": "0"}, "大于 0"),
        ("金额", {"amount": "-5"}, "金额请写数字"),
        ("金额", {"amount": "1,000"}, "金额请写数字"),
        ("金额", {"amount": "1.234"}, "金额请写数字"),
        ("金额", {"amount": "NaN"}, "金额请写数字"),
        ("金额", {"amount": "1000000.01"}, "不超过"),
        ("项目编码", {"programme": "NOTHING"}, "没有这个项目编码"),
        ("发放日期", {"paid_on": "2025-02-29"}, "没有这一天"),
        ("发放日期", {"paid_on": "2025-03-04"}, "不能晚于今天"),
    ],
)
async def test_a_wrong_payment_is_named_by_row_and_column(
    bureau: Bureau, column: str, changes: dict[str, str], sentence: str
) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    view = await bureau.benefits(payment(number), payment(number, **changes))
    assert [(error["row"], error["column"]) for error in view.errors] == [(3, column)]
    assert sentence in str(view.errors[0]["sentence"])


async def test_strangers_and_duplicates_in_a_payment_file_are_wrong_rows(bureau: Bureau) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    view = await bureau.benefits(payment(number), payment(number), payment(new_id_number()))
    assert [(error["row"], str(error["sentence"])[:5]) for error in view.errors] == [
        (3, "同一个人同"),
        (4, "没有登记过"),
    ]


async def test_rows_that_turn_wrong_after_the_preview_stop_the_whole_file(bureau: Bureau) -> None:
    number = new_id_number()
    await bureau.apply(await bureau.registry(person(number=number)))
    first = await bureau.benefits(payment(number))
    second = await bureau.preview(
        ImportKind.BENEFITS,
        bureau.write("other.csv", BENEFIT_COLUMNS, [payment(number, month="2024-11"), payment(number, amount="5")]),
    )
    assert second.status is ImportStatus.PREVIEWED
    await bureau.apply(first)
    with pytest.raises(InvalidInput):
        await bureau.apply(second)
    assert len(await rows("SELECT 1 FROM benefit_record")) == 1
    assert (await import_visible_to(bureau.admin, second.id)).status is ImportStatus.REFUSED


async def test_a_file_longer_than_one_chunk_is_read_to_its_end(bureau: Bureau) -> None:
    people = [person(case=f"DB-{place:05d}", name="王桂芝", number=_number(place)) for place in range(ROWS_AT_ONCE + 2)]
    people[-1][4] = people[0][4]
    view = await bureau.registry(*people)
    assert view.rows_total == ROWS_AT_ONCE + 2
    assert [error["row"] for error in view.errors] == [ROWS_AT_ONCE + 3]
    people.pop()
    assert await bureau.apply(await bureau.registry(*people)) == Counts(new=ROWS_AT_ONCE + 1)


async def test_errors_are_listed_in_full_for_download_without_what_stood_there(bureau: Bureau) -> None:
    lines = [person(case=f"DB-{place:05d}", name="=SUM(A1)") for place in range(250)]
    view = await bureau.registry(*lines)
    assert len(view.errors) == 200
    assert view.rows_wrong == 250
    path = errors_path(bureau.store, view.id)
    text = path.read_text(encoding="utf-8-sig")
    assert text.count("\n") == 251
    assert "SUM" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "空文件"),
        (b"PK\x03\x04" + b"\x00" * 100, "不是 CSV"),
        (b"\xff\xfe" + "户编号".encode("utf-16-le"), "不是 CSV"),
        (b"a" * (4 * 1024 * 1024 + 1), "有一行太长"),
    ],
)
async def test_what_is_no_csv_is_refused_before_a_batch_is_made(bureau: Bureau, content: bytes, sentence: str) -> None:
    path = bureau.directory / "upload.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=sentence):
        await bureau.preview(ImportKind.REGISTRY, path)
    assert not await rows("SELECT 1 FROM import_batch")
    assert list(bureau.store.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("姓名,身份证号\n王,1\n".encode(), "缺少这几列：户编号"),
        (f"{','.join(REGISTRY_COLUMNS)},姓名\n".encode(), "出现了两次"),
        (f"{','.join(REGISTRY_COLUMNS)}\n".encode(), "只有表头"),
        (f"{','.join(REGISTRY_COLUMNS)}\n".encode() + b"\xff\xff\xff\n", "第 2 行有认不出的文字"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(bureau: Bureau, content: bytes, sentence: str) -> None:
    path = bureau.directory / "upload.csv"
    path.write_bytes(content)
    view = await bureau.preview(ImportKind.REGISTRY, path)
    assert view.status is ImportStatus.REFUSED
    assert sentence in view.fault


async def test_an_unclosed_quote_does_not_swallow_the_file_in_silence(bureau: Bureau) -> None:
    lines = [",".join(REGISTRY_COLUMNS), ",".join(person()).replace("阚守义", '"阚守义'), ",".join(person("DB-0002"))]
    path = bureau.directory / "upload.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert (await bureau.preview(ImportKind.REGISTRY, path)).status is ImportStatus.REFUSED


async def test_a_gb18030_file_is_read_with_its_rare_characters(bureau: Bureau) -> None:
    path = bureau.write("gb.csv", REGISTRY_COLUMNS, [person(name="𠮷㐂䶮")], encoding="gb18030")
    view = await bureau.preview(ImportKind.REGISTRY, path)
    await bureau.apply(view)
    home = (await rows("SELECT id FROM household"))[0]["id"]
    assert (await members_now(home, sealer=bureau.sealer))[0].name == "𠮷㐂䶮"


async def test_an_upload_is_kept_for_us_alone_and_goes_when_it_is_in(bureau: Bureau) -> None:
    view = await bureau.registry(person())
    kept = list(bureau.store.glob("*.csv"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600]
    await bureau.apply(view)
    assert list(bureau.store.glob("*.csv")) == []


@pytest.mark.parametrize(("seconds", "stays"), [(-1, True), (0, False)])
async def test_an_upload_nobody_came_back_to_goes_after_a_day(bureau: Bureau, seconds: int, *, stays: bool) -> None:
    wrong = await bureau.registry(person(number="371402196001010014"))
    view = await bureau.registry(person())
    uploaded = [path for path in bureau.store.iterdir() if not path.name.endswith("-errors.csv")]
    assert len(uploaded) == 1
    written_at = (bureau.clock.now() - timedelta(seconds=1)).timestamp()
    os.utime(uploaded[0], (written_at, written_at))
    bureau.clock.advance(KEPT_UNUSED + timedelta(seconds=seconds))

    handled = await forget_abandoned_imports(bureau.store, limit=10, now=bureau.clock.now())

    assert handled == (0 if stays else 2)
    assert uploaded[0].exists() is stays
    assert errors_path(bureau.store, wrong.id).exists()
    after = await import_visible_to(bureau.admin, view.id)
    assert after.status is (ImportStatus.PREVIEWED if stays else ImportStatus.REFUSED)
    if not stays:
        assert "请再上传一次" in after.fault
        with pytest.raises(IllegalMove):
            await bureau.apply(view)


def test_more_than_64_megabytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write(b"a\n" * 100)
        file.truncate(MOST_BYTES + 1)
    with path.open("r+b") as file:
        for place in range(0, MOST_BYTES, 1024 * 1024):
            file.seek(place)
            file.write(b"\n")
    with path.open("rb") as file, pytest.raises(UnreadableFile, match="64 MB"):
        keep_file(file, tmp_path / "store")
    assert list((tmp_path / "store").iterdir()) == []


async def test_standards_come_with_their_source_and_borrowed_ones_say_so(bureau: Bureau) -> None:
    assert await load_programmes() == 0
    found = await rows(
        "SELECT s.monthly_fen, s.is_sample, s.source FROM standard s JOIN programme p ON p.id = s.programme_id "
        "WHERE s.division_code = '371400000000' AND p.name = '低保' AND s.area = 'rural' "
        "ORDER BY s.valid_from DESC LIMIT 1"
    )
    assert found[0]["monthly_fen"] == 76_100
    assert found[0]["is_sample"]
    assert "示例" in found[0]["source"]


def _number(place: int) -> str:
    from stdnum.cn import ric

    first = f"3714021960{1 + place // 999 % 12:02d}01{place % 999:03d}"
    return first + ric.calc_check_digit(f"{first}0")


async def test_makers_and_files_meet_in_one_registry(bureau: Bureau, sealer: Sealer, clock: SteppedClock) -> None:
    """A family filed by hand is the same family in the bureau's file, by its case number and ID numbers."""
    coordinator = await make_staff(Role.COORDINATOR, VILLAGE, sealer=sealer, now=clock.now())
    household_id = await make_household(coordinator, sealer=sealer, now=clock.now(), names=("阚守义",))
    member = (await members_now(household_id, sealer=sealer))[0]
    case = (await rows("SELECT case_number FROM household WHERE id = $1", household_id))[0]["case_number"]
    view = await bureau.registry(
        person(case=case, address="前屯村 12 号", number=member.id_number, phone=member.phone or "")
    )
    assert (view.errors, view.rows_same) == ((), 1)
