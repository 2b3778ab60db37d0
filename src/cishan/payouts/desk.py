"""Desk pages of help: what waits, one payout with its next step, and the cashier's files for the bank."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from cishan.accounts.states import Role
from cishan.clock import beijing_day, beijing_midnight
from cishan.divisions.queries import names_of
from cishan.divisions.rules import town_of
from cishan.errors import InvalidInput
from cishan.forms.reading import FormModel, read_fields, read_form, typed_text
from cishan.forms.replay import answer_once
from cishan.forms.typed import YuanAsFen
from cishan.listing import page_number, pagination
from cishan.page_parts import Column, Pagination
from cishan.payouts.applying import approve_payout, refuse_payout
from cishan.payouts.paying import Handover, make_file, record_paid, record_returned, stop_payout, write_file
from cishan.payouts.queries import (
    PAGE_ROWS,
    FileCard,
    PayoutCard,
    Refused,
    count_payouts,
    file_for,
    files_of,
    payout_for,
    payouts_for,
    public_payee_of,
    reason_of,
    refused_lately,
)
from cishan.payouts.rules import (
    PURPOSE_LONGEST,
    REASON_LONGEST,
    RECEIVER_LONGEST,
    RETURN_LONGEST,
    awaits_approval_of,
)
from cishan.payouts.states import UNDECIDED, PayoutStatus
from cishan.payouts.vouching import Proof, Unproved, proofs_of, record_proof, unproved
from cishan.permissions import Permission, holds
from cishan.templating import page_response
from cishan.web import done, path_id, services_of, viewer_of

DESK = "/desk/payouts"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SUM = Column("金额", number=True)
NOTHING: Mapping[str, str] = MappingProxyType({})
BESIDE = (
    ("急难先行", "/desk/urgent", Permission.SEE_URGENT),
    ("支付宝付款", f"{DESK}/transfers", Permission.PAY_OUT),
    ("分配救助款", f"{DESK}/shares", Permission.MANAGE_MONEY),
    ("收款账号", f"{DESK}/payees", Permission.VISIT),
    ("避嫌申报", "/desk/ties", Permission.DECLARE_TIES),
    ("救助款规定", f"{DESK}/terms", Permission.DECIDE_PROJECTS),
)
"""What stands beside the list, and who does it."""
TO_PAY = frozenset({PayoutStatus.APPROVED, PayoutStatus.IN_FILE})


class RefuseForm(FormModel):
    reason: str = Field(max_length=REASON_LONGEST)


class ReturnForm(FormModel):
    reason: str = Field(max_length=RETURN_LONGEST)


class PaidForm(FormModel):
    paid_on: date


class ProofForm(FormModel):
    number: str = Field(default="", max_length=40)
    dated_on: date
    amount: YuanAsFen
    note: str = Field(default="", max_length=200)


class ChosenPayouts(FormModel):
    payout: tuple[int, ...] = ()


class HandoverForm(FormModel):
    receiver: str = Field(max_length=RECEIVER_LONGEST)
    purpose: str = Field(max_length=PURPOSE_LONGEST)


@dataclass(frozen=True)
class PayoutRow:
    card: PayoutCard
    town: str
    may_file: bool


@dataclass(frozen=True)
class PayoutsPage:
    """Help that waits for somebody of this desk, longest first."""

    rows: tuple[PayoutRow, ...]
    count: int
    shows_all: bool
    pays: bool
    applies: bool
    links: tuple[tuple[str, str], ...]
    refused: tuple[Refused, ...]
    unproved: tuple[Unproved, ...]
    files: tuple[FileCard, ...]
    pagination: Pagination | None
    errors: Mapping[str, str]
    sum_column: Column = SUM

    @property
    def can_file(self) -> bool:
        return any(row.may_file for row in self.rows)


@dataclass(frozen=True)
class PayoutPage:
    """One payout and the step that this viewer may take."""

    card: PayoutCard
    town: str
    payee: str
    reason: str
    may_approve: bool
    may_refuse: bool
    has_acted: bool
    may_stop: bool
    may_record: bool
    is_on_its_way: bool
    proofs: tuple[Proof, ...]
    unproved_fen: int
    may_prove: bool
    today: str
    values: Mapping[str, str]
    errors: Mapping[str, str]


@dataclass(frozen=True)
class FilePage:
    """A file for the bank, to be downloaded with a receiver and a purpose."""

    file: FileCard
    values: Mapping[str, str]
    errors: Mapping[str, str]


async def show_payouts(request: Request) -> Response:
    return await _payouts_response(request, NOTHING, status=200)


async def _payouts_response(request: Request, errors: Mapping[str, str], *, status: int) -> Response:
    viewer, number = viewer_of(request), page_number(request)
    services, applies = services_of(request), holds(viewer.role, Permission.APPLY_PAYOUT)
    pays = holds(viewer.role, Permission.PAY_OUT)
    shows_all = request.query_params.get("show") == "all"
    waiting = TO_PAY if pays else frozenset(one for one in UNDECIDED if _shows(viewer.role, one))
    wanted = frozenset(PayoutStatus) if shows_all else waiting
    cards = await payouts_for(viewer, wanted, page=number, newest=shows_all)
    count = await count_payouts(viewer, wanted)
    towns = await names_of(sorted({town_of(card.division_code) for card in cards}))
    page = PayoutsPage(
        rows=tuple(
            PayoutRow(
                card,
                towns.get(town_of(card.division_code), ""),
                card.status is PayoutStatus.APPROVED and not card.by_alipay and not shows_all,
            )
            for card in cards
        ),
        count=count,
        shows_all=shows_all,
        pays=pays and not shows_all,
        applies=applies,
        links=tuple((words, href) for words, href, needed in BESIDE if holds(viewer.role, needed)),
        refused=await refused_lately(viewer, sealer=services.sealer, now=services.clock.now()) if applies else (),
        unproved=await unproved(viewer) if applies and not shows_all else (),
        files=await files_of(viewer) if pays and not shows_all else (),
        pagination=pagination(f"{DESK}?show=all&" if shows_all else f"{DESK}?", number, count, PAGE_ROWS, "笔"),
        errors=errors,
    )
    return page_response(request, "payouts/payouts.html", page, status=status)


def _reads_reason(role: Role) -> bool:
    """Those who apply and those who decide; whoever pays needs no reason."""
    return holds(role, Permission.APPLY_PAYOUT) or holds(role, Permission.APPROVE_PAYOUT)


def _shows(role: Role, status: PayoutStatus) -> bool:
    """A director is shown what waits for a director; whoever applies or approves, all that is not decided."""
    return role is not Role.DIRECTOR or awaits_approval_of(role, status)


async def show_payout(request: Request) -> Response:
    return await _payout_response(request, NOTHING, NOTHING, status=200)


async def _payout_response(
    request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, status: int
) -> Response:
    viewer, now = viewer_of(request), services_of(request).clock.now()
    card = await payout_for(viewer, path_id(request))
    town = town_of(card.division_code)
    acted = viewer.account_id in card.hands
    proofs = await proofs_of(card.id)
    unproved_fen = card.amount_fen - sum(proof.amount_fen for proof in proofs)
    decides = holds(viewer.role, Permission.APPROVE_PAYOUT) and card.status in UNDECIDED
    page = PayoutPage(
        card=card,
        town=(await names_of([town])).get(town, ""),
        payee=await public_payee_of(card.id, sealer=services_of(request).sealer),
        reason=await reason_of(card.id, sealer=services_of(request).sealer) if _reads_reason(viewer.role) else "",
        may_approve=decides and not acted and awaits_approval_of(viewer.role, card.status),
        may_refuse=decides,
        has_acted=decides and acted,
        may_stop=card.status is PayoutStatus.APPROVED and holds(viewer.role, Permission.STOP_PAYOUT),
        may_record=holds(viewer.role, Permission.PAY_OUT) and card.status in {PayoutStatus.IN_FILE, PayoutStatus.PAID},
        is_on_its_way=card.status is PayoutStatus.IN_FILE,
        proofs=proofs,
        unproved_fen=unproved_fen,
        may_prove=unproved_fen > 0
        and holds(viewer.role, Permission.APPLY_PAYOUT)
        and card.status is PayoutStatus.PAID
        and viewer.covers(card.division_code),
        today=beijing_day(now).isoformat(),
        values=values,
        errors=errors,
    )
    return page_response(request, "payouts/payout.html", page, status=status)


async def approve(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(payout_id: int) -> None:
        await approve_payout(payout_id, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await _decided(request, act, "payout-approved")


async def refuse(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(payout_id: int) -> None:
        form = await read_form(request, RefuseForm)
        await refuse_payout(payout_id, form.reason, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await _decided(request, act, "payout-refused")


async def stop(request: Request) -> Response:
    """Approved help is not paid after all."""
    services, viewer = services_of(request), viewer_of(request)

    async def act(payout_id: int) -> None:
        form = await read_form(request, RefuseForm)
        await stop_payout(payout_id, form.reason, actor=viewer, sealer=services.sealer, now=services.clock.now())

    return await _decided(request, act, "payout-stopped")


async def mark_paid(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(payout_id: int) -> None:
        form = await read_form(request, PaidForm)
        now = services.clock.now()
        await record_paid(payout_id, paid_at=_moment_of(form.paid_on, now), actor=viewer, now=now)

    return await _decided(request, act, "payout-paid")


def _moment_of(day: date, now: datetime) -> datetime:
    """The bank tells a day: of today it is this moment, of another the start of that day in Beijing."""
    return now if day == beijing_day(now) else beijing_midnight(day)


async def mark_returned(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act(payout_id: int) -> None:
        form = await read_form(request, ReturnForm)
        await record_returned(payout_id, form.reason, actor=viewer, now=services.clock.now())

    return await _decided(request, act, "payout-returned")


async def prove(request: Request) -> Response:
    """Keeps an invoice of a village or supplier, or a family's word that the money came."""
    viewer, now = viewer_of(request), services_of(request).clock.now()

    async def act(payout_id: int) -> None:
        form = await read_form(request, ProofForm)
        proof = Proof(form.number, form.dated_on, form.amount, form.note)
        await record_proof(payout_id, proof, actor=viewer, now=now)

    return await _decided(request, act, "payout-proved")


async def _decided(request: Request, act: Callable[[int], Awaitable[None]], notice: str) -> Response:
    """Takes one step once; a fault in what was typed comes back with the page."""
    payout_id = path_id(request)

    async def once() -> str:
        await act(payout_id)
        return DESK

    try:
        return done(await answer_once(request, once), notice)
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _payout_response(request, typed, error.fields, status=error.status_code)


async def file_payouts(request: Request) -> Response:
    services, viewer = services_of(request), viewer_of(request)

    async def act() -> str:
        form = await read_form(request, ChosenPayouts)
        file_id = await make_file(form.payout, actor=viewer, sealer=services.sealer, now=services.clock.now())
        return f"{DESK}/files/{file_id}"

    try:
        return done(await answer_once(request, act), "payouts-filed")
    except InvalidInput as error:
        return await _payouts_response(request, error.fields, status=error.status_code)


async def show_file(request: Request) -> Response:
    return await _file_response(request, NOTHING, NOTHING, status=200)


async def _file_response(
    request: Request, values: Mapping[str, str], errors: Mapping[str, str], *, status: int
) -> Response:
    file = await file_for(viewer_of(request), path_id(request))
    return page_response(request, "payouts/file.html", FilePage(file, values, errors), status=status)


async def download_file(request: Request) -> Response:
    """The workbook for the bank. Every download is written down, so pressing twice is two downloads."""
    services, viewer, file_id = services_of(request), viewer_of(request), path_id(request)
    try:
        form = await read_form(request, HandoverForm)
        handover = Handover(form.receiver, form.purpose)
        data = await write_file(file_id, handover, actor=viewer, sealer=services.sealer, now=services.clock.now())
    except InvalidInput as error:
        typed = typed_text(await read_fields(request))
        return await _file_response(request, typed, error.fields, status=error.status_code)
    headers = {
        "Content-Disposition": f'attachment; filename="payouts-{file_id}.xlsx"',
        "Cache-Control": "private, no-store",
    }
    return Response(data, media_type=XLSX, headers=headers)
