"""Promises about who did what: several people where one would not do, and a history without a hole."""

from cishan.verify.checks import Check

PUBLISHED_BY_THREE_PEOPLE = Check(
    name="published_by_three_people",
    promise="上过墙的心愿由三个不同的人登记、审核、发布",
    examined="SELECT id FROM wish WHERE published_at IS NOT NULL",
    broken="""
SELECT id AS wish, filed_by_id, reviewed_by_id, published_by_id FROM wish
 WHERE published_at IS NOT NULL
   AND (reviewed_by_id IS NULL OR published_by_id IS NULL
        OR filed_by_id IN (reviewed_by_id, published_by_id) OR reviewed_by_id = published_by_id)
""",
)
VISITED_BY_TWO_PEOPLE = Check(
    name="visited_by_two_people",
    promise="上过墙的心愿都有两个人走访过，登记人不在其中，第二个人自己确认过",
    examined="SELECT id FROM wish WHERE published_at IS NOT NULL",
    broken="""
SELECT w.id AS wish FROM wish w
 WHERE w.published_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM visit v
                    WHERE v.wish_id = w.id AND v.confirmed_at IS NOT NULL AND v.visitor_id <> v.second_visitor_id
                      AND w.filed_by_id NOT IN (v.visitor_id, v.second_visitor_id))
""",
)
DELIVERED_AND_ASKED_BY_TWO_PEOPLE = Check(
    name="delivered_and_asked_by_two_people",
    promise="送达的人和回访的人不是同一个人；确认了的都回访过，回答是“是”",
    examined="SELECT id FROM fulfilment WHERE delivered_at IS NOT NULL",
    broken="""
SELECT f.id AS fulfilment, c.id AS claim, c.status, f.delivered_by_id, f.asked_by_id, f.answer
  FROM claim c LEFT JOIN fulfilment f ON f.claim_id = c.id
 WHERE f.asked_by_id = f.delivered_by_id
    OR (c.status = 'confirmed' AND (f.asked_by_id IS NULL OR f.answer IS DISTINCT FROM 'yes'))
    OR (c.status IN ('delivered', 'confirmed') AND (f.delivered_by_id IS NULL OR f.delivered_at IS NULL))
""",
)
NO_SESSION_OF_DISABLED = Check(
    name="no_session_of_disabled",
    promise="停用的账号没有还能用的登录",
    examined="SELECT id FROM account WHERE disabled_at IS NOT NULL",
    broken="""
SELECT s.id AS session, s.account_id AS account, a.disabled_at
  FROM session s JOIN account a ON a.id = s.account_id
 WHERE a.disabled_at IS NOT NULL AND s.revoked_at IS NULL AND s.expires_at > $1::timestamptz
""",
)
EVENTS_WHOLE = Check(
    name="events_whole",
    promise="每件事的经过从 1 起连续编号，没有缺；每个心愿、认领、订单都有经过",
    examined="SELECT id FROM event",
    broken="""
SELECT subject_kind, subject_id, count(*) AS events, max(number) AS last_number
  FROM event GROUP BY subject_kind, subject_id HAVING count(*) <> max(number) OR min(number) <> 1
 UNION ALL
SELECT kind, id, 0, 0
  FROM (SELECT 'wish' AS kind, id FROM wish UNION ALL SELECT 'claim', id FROM claim
         UNION ALL SELECT 'order', id FROM payment_order) subject
 WHERE NOT EXISTS (SELECT FROM event e WHERE e.subject_kind = subject.kind AND e.subject_id = subject.id)
""",
)

PEOPLE_CHECKS = (
    PUBLISHED_BY_THREE_PEOPLE,
    VISITED_BY_TWO_PEOPLE,
    DELIVERED_AND_ASKED_BY_TWO_PEOPLE,
    NO_SESSION_OF_DISABLED,
    EVENTS_WHOLE,
)
