"""The supervisor's page: what is late now. It changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from cishan.charts import Chart, Point, bar_chart
from cishan.claims.fulfilment_rules import days_late
from cishan.labels import ROLE_LABELS
from cishan.page_parts import Column
from cishan.supervision.queries import UnitCount, overdue_for, overdue_units
from cishan.templating import page_response
from cishan.web import services_of, viewer_of

DAYS = Column("超时", number=True)


@dataclass(frozen=True)
class OverdueRow:
    what: str
    item: str
    unit: str
    whose: str
    since: datetime
    days: int
    href: str


@dataclass(frozen=True)
class OverduePage:
    """Late things with their counts by place; `is_cut` when there are more than are listed."""

    now: datetime
    total: int
    rows: tuple[OverdueRow, ...]
    chart: Chart | None
    is_cut: bool
    days_column: Column = DAYS


async def show_overdue(request: Request) -> Response:
    viewer, now = viewer_of(request), services_of(request).clock.now()
    found = await overdue_for(viewer, now=now)
    units = await overdue_units(viewer, now=now)
    total = sum(unit.late for unit in units)
    page = OverduePage(
        now=now,
        total=total,
        rows=tuple(
            OverdueRow(
                late.what,
                late.item,
                late.unit,
                ROLE_LABELS[late.whose],
                late.since,
                days_late(late.since, now),
                late.href,
            )
            for late in found
        ),
        chart=chart_of(units) if units else None,
        is_cut=total > len(found),
    )
    return page_response(request, "supervision/overdue.html", page)


def chart_of(units: tuple[UnitCount, ...]) -> Chart:
    most = units[0]
    return bar_chart(
        name="overdue",
        title="各地超时的事",
        description=f"{most.unit}最多，有 {most.late} 件。",
        unit="件",
        points=tuple(Point(unit.unit, unit.late, str(unit.late)) for unit in units),
        label_head="地方",
    )
