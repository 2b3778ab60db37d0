"""Promises about the chain of the books: no old row has been changed, and what was published still holds (L3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cishan.database import rows
from cishan.ledger.chain import CANONICAL
from cishan.verify.checks import Check, CheckResult

_LINKS = f"""
SELECT l.charity_id, l.number, l.hash, {CANONICAL} AS text,
       lag(l.hash, 1, decode(repeat('00', 32), 'hex')) OVER chain AS before,
       row_number() OVER chain AS place
  FROM ledger_link l
  LEFT JOIN ledger_entry_number n ON n.charity_id = l.charity_id AND n.number = l.number
  LEFT JOIN ledger_entry e ON e.id = n.entry_id
WINDOW chain AS (PARTITION BY l.charity_id ORDER BY l.number)
"""  # noqa: S608 - a constant
CHAIN_UNBROKEN = Check(
    name="chain_unbroken",
    promise="记过的账没有被改过：每一笔都和当时连成的链相符；编号一天以上的都在链上",
    examined="SELECT id FROM ledger_link",
    broken=f"""
SELECT charity_id AS charity, number FROM ({_LINKS}) links
 WHERE number <> place OR hash IS DISTINCT FROM sha256(before || convert_to(text, 'UTF8'))
 UNION ALL
SELECT n.charity_id, n.number
  FROM ledger_entry_number n JOIN ledger_entry e ON e.id = n.entry_id
 WHERE e.booked_at < $1::timestamptz - interval '1 day'
   AND NOT EXISTS (SELECT FROM ledger_link l WHERE l.charity_id = n.charity_id AND l.number = n.number)
""",  # noqa: S608
)
HEADS_AGREE_WITH_CHAIN = Check(
    name="heads_agree_with_chain",
    promise="公布过的账目指纹都和账链相符",
    examined="SELECT id FROM ledger_head",
    broken="""
SELECT h.charity_id AS charity, h.day, h.number
  FROM ledger_head h LEFT JOIN ledger_link l ON l.charity_id = h.charity_id AND l.number = h.number
 WHERE l.hash IS DISTINCT FROM h.hash
""",
)

CHAIN_CHECKS = (CHAIN_UNBROKEN, HEADS_AGREE_WITH_CHAIN)

FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
HEAD_OF_DAY = "SELECT 1 FROM ledger_head WHERE day = $1 AND encode(hash, 'hex') = $2"


@dataclass(frozen=True)
class WrittenDown:
    """A head that somebody outside has kept."""

    day: date
    fingerprint: str


def read_head(text: str) -> WrittenDown:
    """Reads "2025-12-31=9f86 d081 …"; blanks and capitals do not matter. Raises ValueError with a sentence."""
    day, _, digits = text.partition("=")
    fingerprint = "".join(digits.split()).lower()
    try:
        found = WrittenDown(date.fromisoformat(day.strip()), fingerprint)
    except ValueError as error:
        raise ValueError(f"“{day}”不是日期，请写成 2025-12-31=指纹。") from error
    if not FINGERPRINT.fullmatch(fingerprint):
        raise ValueError("指纹是 64 位的数字和 a 到 f 的字母。")
    return found


async def compare_heads(written_down: Sequence[WrittenDown]) -> CheckResult:
    """Whether what others have written down is what stands here now."""
    wrong = [head for head in written_down if not await rows(HEAD_OF_DAY, head.day, head.fingerprint)]
    return CheckResult(
        name="heads_others_wrote_down",
        promise="别人抄下的账目指纹和这里公布过的一样",
        examined=len(written_down),
        broken=len(wrong),
        examples=tuple({"day": head.day.isoformat()} for head in wrong),
        ok=not wrong,
    )
