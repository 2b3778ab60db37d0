"""Promises about wishes: who handled them, who has claimed them, what came of them, and the lists that say so."""

from cishan.claims.states import LIVE_SQL
from cishan.verify.checks import Check

ONE_LIVE_CLAIM = Check(
    name="one_live_claim",
    promise="一个心愿最多有一个有效的认领",
    examined=f"SELECT DISTINCT wish_id FROM claim WHERE {LIVE_SQL}",  # noqa: S608
    broken=f"SELECT wish_id AS wish, count(*) AS live_claims FROM claim WHERE {LIVE_SQL} GROUP BY wish_id HAVING count(*) > 1",  # noqa: S608
)
WISH_AGREES_WITH_CLAIM = Check(
    name="wish_agrees_with_claim",
    promise="被认领的心愿正好有一个进行中的认领，圆了的正好有一个确认的认领，其他的没有",
    examined="SELECT id FROM wish",
    broken=f"""
SELECT w.id AS wish, w.status, count(c.id) AS live_claims, count(c.id) FILTER (WHERE c.status = 'confirmed') AS confirmed
  FROM wish w LEFT JOIN claim c ON c.wish_id = w.id AND c.{LIVE_SQL}
 GROUP BY w.id
HAVING count(c.id) <> (w.status IN ('claimed', 'fulfilled'))::int
    OR count(c.id) FILTER (WHERE c.status = 'confirmed') <> (w.status = 'fulfilled')::int
""",  # noqa: S608
)
FULFILLED_WISH_BOUGHT_ONCE = Check(
    name="fulfilled_wish_bought_once",
    promise="圆了的心愿，捐款的正好有一张采购凭证，送物品的有价值，出时间的有小时数",
    examined="SELECT id FROM wish WHERE status = 'fulfilled'",
    broken="""
SELECT w.id AS wish, c.id AS claim, c.way, count(p.id) AS purchases, max(f.value_fen) AS value_fen, max(f.hours) AS hours
  FROM wish w
  LEFT JOIN claim c ON c.wish_id = w.id AND c.status = 'confirmed'
  LEFT JOIN purchase p ON p.claim_id = c.id AND p.booked_at IS NOT NULL
  LEFT JOIN fulfilment f ON f.claim_id = c.id AND f.delivered_at IS NOT NULL
 WHERE w.status = 'fulfilled'
 GROUP BY w.id, c.id
HAVING count(f.id) = 0
    OR count(p.id) <> (c.way = 'pay')::int
    OR (c.way = 'bring' AND max(f.value_fen) <= 0)
    OR (c.way = 'give_time' AND max(f.hours) <= 0)
""",
)
PURCHASE_FOLLOWS_RULES = Check(
    name="purchase_follows_rules",
    promise="每张入账的采购凭证都有一个付了款、已经买好的认领；超出公布价格的经过另一个人批准",
    examined="SELECT id FROM purchase",
    broken="""
SELECT p.id AS purchase, c.id AS claim, c.way, c.status, p.spent_fen, p.price_fen, p.buyer_id, p.approved_by_id
  FROM purchase p JOIN claim c ON c.id = p.claim_id
 WHERE c.way <> 'pay'
    OR p.approved_by_id = p.buyer_id
    OR (p.booked_at IS NULL AND c.status <> 'advanced')
    OR (p.booked_at IS NOT NULL AND c.status NOT IN ('bought', 'delivered', 'questioned', 'confirmed', 'ended'))
    OR (p.booked_at IS NOT NULL AND p.spent_fen > p.price_fen AND p.approved_by_id IS NULL)
""",
)
_NEWEST = "SELECT DISTINCT ON (household_id, year) * FROM edition ORDER BY household_id, year, number DESC"
FULFILLED_WISH_ON_ONE_LIST = Check(
    name="fulfilled_wish_on_one_list",
    promise="圆了的心愿在这户人家当年的幸福清单上正好有一行，清单上的每一行心愿都圆了",
    examined="""
SELECT c.id FROM claim c
  JOIN wish w ON w.id = c.wish_id
  JOIN fulfilment f ON f.claim_id = c.id
 WHERE c.status = 'confirmed'
   AND EXISTS (SELECT FROM edition e WHERE e.household_id = w.household_id AND e.frozen_at >= f.asked_at
                  AND e.year = extract(year FROM f.delivered_at AT TIME ZONE 'Asia/Shanghai'))
""",
    broken=f"""
WITH newest AS ({_NEWEST}),
line AS (
    SELECT n.household_id, n.year, n.id AS edition_id, listed.line ->> 'source' AS source
      FROM newest n CROSS JOIN LATERAL jsonb_array_elements(n.lines) AS listed (line)
     WHERE n.lines @> '[{{"kind": "wish"}}]' AND listed.line ->> 'kind' = 'wish'),
fulfilled AS (
    SELECT w.id AS wish_id, w.household_id, 'claim-' || c.id AS source, f.asked_at,
           extract(year FROM f.delivered_at AT TIME ZONE 'Asia/Shanghai')::int AS year
      FROM claim c JOIN wish w ON w.id = c.wish_id JOIN fulfilment f ON f.claim_id = c.id
     WHERE c.status = 'confirmed')
SELECT f.wish_id AS wish, f.source, f.household_id AS household, f.year, count(l.source) AS lines
  FROM fulfilled f
  JOIN newest n ON n.household_id = f.household_id AND n.year = f.year AND n.frozen_at >= f.asked_at
  LEFT JOIN line l ON l.source = f.source
 GROUP BY f.wish_id, f.source, f.household_id, f.year HAVING count(l.source) <> 1
 UNION ALL
SELECT NULL, l.source, l.household_id, l.year, 1
  FROM line l LEFT JOIN fulfilled f ON (f.source, f.household_id, f.year) = (l.source, l.household_id, l.year)
 WHERE f.source IS NULL
""",  # noqa: S608
)
LIST_TOTALS = Check(
    name="list_totals",
    promise="每份幸福清单的合计等于各行相加，版本号从 1 起连续",
    examined="SELECT id FROM edition",
    broken="""
SELECT id AS edition, household_id AS household, year, number, total_fen, listed_fen
  FROM (SELECT e.id, e.household_id, e.year, e.number, e.total_fen,
               row_number() OVER (PARTITION BY e.household_id, e.year ORDER BY e.number) AS place,
               coalesce((SELECT sum((line ->> 'amount_fen')::bigint)
                           FROM jsonb_array_elements(e.lines) AS listed (line)), 0)::bigint AS listed_fen
          FROM edition e) added
 WHERE total_fen <> listed_fen OR number <> place
""",
)

WISH_CHECKS = (
    ONE_LIVE_CLAIM,
    WISH_AGREES_WITH_CLAIM,
    FULFILLED_WISH_BOUGHT_ONCE,
    PURCHASE_FOLLOWS_RULES,
    FULFILLED_WISH_ON_ONE_LIST,
    LIST_TOTALS,
)
