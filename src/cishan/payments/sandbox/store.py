"""What the sandbox remembers: one SQLite file, written ahead, so that a killed process loses nothing it
said.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cishan.payments.alipay.terms import TradeStatus
from cishan.payments.sandbox.faults import Fault, read_faults
from cishan.payments.sandbox.trades import CheckoutPage, SandboxRefund, SandboxTrade
from cishan.payments.sandbox.transfers import SandboxTransfer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS checkout (
    id TEXT PRIMARY KEY, app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, phone INTEGER NOT NULL,
    subject TEXT NOT NULL, total_fen INTEGER NOT NULL, expires_at TEXT NOT NULL, notify_url TEXT NOT NULL,
    return_url TEXT NOT NULL, quit_url TEXT NOT NULL, passback_params TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trade (
    app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, trade_no TEXT NOT NULL UNIQUE, checkout_id TEXT NOT
    NULL, phone INTEGER NOT NULL, subject TEXT NOT NULL, total_fen INTEGER NOT NULL, status TEXT NOT NULL,
    created_at TEXT NOT NULL, expires_at TEXT NOT NULL, paid_at TEXT, closed_at TEXT,
    refunded_fen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (app_id, out_trade_no)
);
CREATE TABLE IF NOT EXISTS refund (
    app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, request_no TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    refunded_fen INTEGER NOT NULL, reason TEXT NOT NULL, refunded_at TEXT NOT NULL,
    PRIMARY KEY (app_id, out_trade_no, request_no)
);
CREATE TABLE IF NOT EXISTS transfer (
    app_id TEXT NOT NULL, out_biz_no TEXT NOT NULL, order_id TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    account TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, made_at TEXT NOT NULL, PRIMARY KEY (app_id, out_biz_no)
);
CREATE INDEX IF NOT EXISTS refund_made ON refund (refunded_at);
CREATE INDEX IF NOT EXISTS trade_paid ON trade (paid_at);
CREATE INDEX IF NOT EXISTS trade_waiting ON trade (expires_at) WHERE status = 'WAIT_BUYER_PAY';
CREATE INDEX IF NOT EXISTS trade_refundable ON trade (paid_at) WHERE status = 'TRADE_SUCCESS';
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY, app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, url TEXT NOT NULL,
    fields TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at TEXT, last_answer TEXT NOT NULL DEFAULT
    ''
);
CREATE INDEX IF NOT EXISTS notice_due ON notice (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS fault (out_trade_no TEXT PRIMARY KEY, names TEXT NOT NULL);
"""


@dataclass(frozen=True)
class StoredNotice:
    """A notice on its way. `due_at` is None when it has arrived, was given up, or was dropped by a fault."""

    id: int
    app_id: str
    out_trade_no: str
    url: str
    fields: dict[str, str]
    attempts: int
    due_at: datetime | None
    last_answer: str


class Store:
    def __init__(self, path: str) -> None:
        # Autocommit: each statement is durable by itself, and `together` opens a transaction where two must
        # be.
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        # Safe against a killed process, which is what is promised; only a power cut could lose the last
        # writes.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        self._add_missing_columns()

    def _add_missing_columns(self) -> None:
        """A file of an older sandbox knows no refunds."""
        columns = {row["name"] for row in self._db.execute("PRAGMA table_info(trade)")}
        if "refunded_fen" not in columns:
            self._db.execute("ALTER TABLE trade ADD COLUMN refunded_fen INTEGER NOT NULL DEFAULT 0")

    def close(self) -> None:
        self._db.close()

    def is_ready(self) -> bool:
        return self._db.execute("SELECT 1").fetchone() is not None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Everything inside is kept, or nothing. Never awaits: the connection is shared by all requests."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def keep_checkout(self, checkout: CheckoutPage) -> None:
        self._insert("INSERT OR IGNORE INTO checkout", {**vars(checkout), "phone": int(checkout.phone)})

    def checkout(self, checkout_id: str) -> CheckoutPage | None:
        row = self._one("SELECT * FROM checkout WHERE id = ?", checkout_id)
        return CheckoutPage(**_values(row)) if row else None

    def keep_trade(self, trade: SandboxTrade) -> None:
        self._insert(
            "INSERT INTO trade",
            {**vars(trade), "phone": int(trade.phone)},
            " ON CONFLICT (app_id, out_trade_no) DO UPDATE SET"
            " status = excluded.status, paid_at = excluded.paid_at, closed_at = excluded.closed_at,"
            " refunded_fen = excluded.refunded_fen",
        )

    def keep_refund(self, refund: SandboxRefund) -> None:
        self._insert("INSERT INTO refund", vars(refund))

    def refund(self, app_id: str, out_trade_no: str, request_no: str) -> SandboxRefund | None:
        row = self._one(
            "SELECT * FROM refund WHERE app_id = ? AND out_trade_no = ? AND request_no = ?",
            app_id,
            out_trade_no,
            request_no,
        )
        return SandboxRefund(**_values(row)) if row else None

    def keep_transfer(self, transfer: SandboxTransfer) -> None:
        self._insert("INSERT INTO transfer", vars(transfer))

    def transfer(self, app_id: str, out_biz_no: str) -> SandboxTransfer | None:
        row = self._one("SELECT * FROM transfer WHERE app_id = ? AND out_biz_no = ?", app_id, out_biz_no)
        return SandboxTransfer(**_values(row)) if row else None

    def paid_between(self, app_id: str, since: datetime, until: datetime) -> list[SandboxTrade]:
        """Trades paid from one instant on and before another, oldest first."""
        rows = self._all(
            "SELECT * FROM trade WHERE app_id = ? AND paid_at >= ? AND paid_at < ? ORDER BY paid_at, trade_no",
            app_id,
            _instant_text(since),
            _instant_text(until),
        )
        return [trade for row in rows if (trade := _trade(row)) is not None]

    def refunds_between(self, app_id: str, since: datetime, until: datetime) -> list[SandboxRefund]:
        """Refunds made in that time, oldest first."""
        rows = self._all(
            "SELECT * FROM refund WHERE app_id = ? AND refunded_at >= ? AND refunded_at < ? ORDER BY refunded_at",
            app_id,
            _instant_text(since),
            _instant_text(until),
        )
        return [SandboxRefund(**_values(row)) for row in rows]

    def newest_trades(self, limit: int) -> list[SandboxTrade]:
        rows = self._all("SELECT * FROM trade ORDER BY created_at DESC, trade_no LIMIT ?", limit)
        return [trade for row in rows if (trade := _trade(row)) is not None]

    def trade(self, app_id: str, out_trade_no: str) -> SandboxTrade | None:
        return _trade(self._one("SELECT * FROM trade WHERE app_id = ? AND out_trade_no = ?", app_id, out_trade_no))

    def trade_by_number(self, app_id: str, trade_no: str) -> SandboxTrade | None:
        return _trade(self._one("SELECT * FROM trade WHERE app_id = ? AND trade_no = ?", app_id, trade_no))

    def trades_out_of_time(self, now: datetime, paid_before: datetime, limit: int) -> list[SandboxTrade]:
        """Those whose time to pay is over, and those paid so long ago that they are finished."""
        rows = self._all(
            "SELECT * FROM trade WHERE status = 'WAIT_BUYER_PAY' AND expires_at <= ?"
            " UNION ALL SELECT * FROM trade WHERE status = 'TRADE_SUCCESS' AND paid_at <= ? LIMIT ?",
            _instant_text(now),
            _instant_text(paid_before),
            limit,
        )
        return [trade for row in rows if (trade := _trade(row)) is not None]

    def add_notice(self, app_id: str, out_trade_no: str, url: str, fields: dict[str, str], due_at: datetime) -> None:
        self._insert(
            "INSERT INTO notice",
            {
                "app_id": app_id,
                "out_trade_no": out_trade_no,
                "url": url,
                "fields": json.dumps(fields, ensure_ascii=False),
                "due_at": due_at,
            },
        )

    def due_notices(self, now: datetime, limit: int) -> list[StoredNotice]:
        rows = self._all(
            "SELECT * FROM notice WHERE due_at <= ? ORDER BY due_at, id LIMIT ?", _instant_text(now), limit
        )
        return [_notice(row) for row in rows]

    def notices_of(self, out_trade_no: str) -> list[StoredNotice]:
        rows = self._all("SELECT * FROM notice WHERE out_trade_no = ? ORDER BY id", out_trade_no)
        return [_notice(row) for row in rows]

    def make_due(self, out_trade_no: str, due_at: datetime) -> None:
        self._db.execute("UPDATE notice SET due_at = ? WHERE out_trade_no = ?", (_instant_text(due_at), out_trade_no))

    def next_notice_at(self) -> datetime | None:
        row = self._one("SELECT min(due_at) AS due_at FROM notice WHERE due_at IS NOT NULL")
        return datetime.fromisoformat(row["due_at"]) if row and row["due_at"] else None

    def record_attempt(self, notice_id: int, attempts: int, due_at: datetime | None, answer: str) -> None:
        self._db.execute(
            "UPDATE notice SET attempts = ?, due_at = ?, last_answer = ? WHERE id = ?",
            (attempts, _instant_text(due_at) if due_at else None, answer, notice_id),
        )

    def set_faults(self, out_trade_no: str, faults: frozenset[Fault]) -> None:
        self._insert("INSERT OR REPLACE INTO fault", {"out_trade_no": out_trade_no, "names": ",".join(sorted(faults))})

    def faults(self, out_trade_no: str) -> frozenset[Fault] | None:
        """Those set for this one trade; None if none were, so that the general ones hold."""
        row = self._one("SELECT names FROM fault WHERE out_trade_no = ?", out_trade_no)
        return read_faults(row["names"].split(",")) if row else None

    def _insert(self, verb: str, values: dict[str, Any], on_conflict: str = "") -> None:
        marks = ", ".join("?" * len(values))
        written = [_instant_text(value) if isinstance(value, datetime) else value for value in values.values()]
        self._db.execute(f"{verb} ({', '.join(values)}) VALUES ({marks}){on_conflict}", written)

    def _one(self, sql: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return row

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()


def _instant_text(instant: datetime) -> str:
    # Always UTC and always microseconds, so that text compares as time does.
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _values(row: sqlite3.Row) -> dict[str, Any]:
    values = dict(row)
    for name, value in values.items():
        if name.endswith("_at") and value is not None:
            values[name] = datetime.fromisoformat(value)
    if "phone" in values:
        values["phone"] = bool(values["phone"])
    return values


def _trade(row: sqlite3.Row | None) -> SandboxTrade | None:
    if row is None:
        return None
    values = _values(row)
    return SandboxTrade(**{**values, "status": TradeStatus(values["status"])})


def _notice(row: sqlite3.Row) -> StoredNotice:
    values = _values(row)
    return StoredNotice(**{**values, "fields": json.loads(values["fields"])})
