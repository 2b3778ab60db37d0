"""The only wiring place: settings, clock, keys, gateway, routes and middleware become one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Mount, Route

from cishan.accounts.passwords import STRONG, Passwords
from cishan.accounts.viewer import Viewer
from cishan.claims.actions import OWNER_KIND as CLAIM
from cishan.claims.field import deliveries_today
from cishan.claims.money import ClaimPayments
from cishan.clock import Clock, DatabaseClock
from cishan.clock_following import following_the_database
from cishan.database import database, database_now
from cishan.disclosures.gate import KeptDuties
from cishan.donations.actions import OWNER_KIND as DONATION
from cishan.donations.actions import DonationPayments
from cishan.donations.actions import follow_refund as count_donations_anew
from cishan.error_pages import caught, show_error, show_http_error, show_unexpected
from cishan.errors import CishanError
from cishan.guard import guarded
from cishan.households.actions import WithdrawalHandler
from cishan.jobs.queue import enqueue
from cishan.payments.alipay.gateway import AlipayGateway
from cishan.payments.keys import following_the_keys
from cishan.payments.merchants import load_gateway, origin
from cishan.payments.owners import LineOwners
from cishan.pictures.actions import ENCODER
from cishan.production import refuse_unsafe_merchant, refuse_unsafe_settings
from cishan.public_cache import PublicCache
from cishan.receipts.actions import reverse_receipt
from cishan.refunds.hearing import RefundEars
from cishan.routes import ROUTES
from cishan.sealing import Sealer, load_sealer
from cishan.security import NoNul, OriginCheck, SecurityHeaders
from cishan.services import RefundFollower, Services
from cishan.settings import Settings
from cishan.templating import STATIC_URL, static_files
from cishan.wishes.withdrawals import follow_consent

NOTIFY_PATH = "/pay/notify"


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    gateway: AlipayGateway | None = None,
    passwords: Passwords = STRONG,
    open_database: bool = True,
) -> Starlette:
    """Builds the application. Tests and the simulation hand in their clock and gateway, and may own the database."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if not open_database:
            await start(app)
            yield
            return
        async with database(settings):
            await start(app)
            services = app.state.services
            async with (
                following_the_database(services.clock),
                following_the_keys(services.gateway, settings),
            ):
                yield
            await ENCODER.close()

    async def start(app: Starlette) -> None:
        services = await make_services(settings, clock=clock, gateway=gateway, passwords=passwords)
        app.state.services = services
        app.state.line_owners = line_owners(services)
        app.state.consent_handlers = consent_handlers()
        app.state.field_tasks = (deliveries_today,)
        app.state.enqueue = enqueue
        app.state.project_duties = KeptDuties()
        app.state.gateway_origin = origin(services.gateway.merchant.gateway_url) if services.gateway else ""

    routes = [
        Route(row.path, caught(guarded(row)), methods=list(row.methods), max_body_size=row.body_bytes) for row in ROUTES
    ]
    return Starlette(
        routes=[*routes, Mount(STATIC_URL, static_files(), name="static")],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(settings.trusted_hosts)),
            Middleware(PublicCache),
            Middleware(SecurityHeaders, https=settings.secure_cookies),
            Middleware(OriginCheck, exempt=[NOTIFY_PATH]),
            Middleware(NoNul),
        ],
        exception_handlers={
            CishanError: show_error,
            HTTPException: show_http_error,
            Exception: show_unexpected,
        },
        lifespan=lifespan,
    )


async def make_services(
    settings: Settings,
    *,
    clock: Clock | None = None,
    gateway: AlipayGateway | None = None,
    passwords: Passwords = STRONG,
) -> Services:
    """What the app and the worker both need; the database must be open. Raises Unsafe for production with play money."""
    if clock is None:
        clock = DatabaseClock()
        clock.follow(await database_now())
    refuse_unsafe_settings(settings)
    gateway = gateway or await load_gateway(settings, clock)
    if gateway is not None:
        refuse_unsafe_merchant(settings, gateway.merchant)
    services = Services(
        settings=settings,
        clock=clock,
        sealer=load_sealer(settings.keys_directory),
        gateway=gateway,
        passwords=passwords,
        enqueue=enqueue,
    )
    return replace(
        services, hear_refund=RefundEars(line_owners(services)), follow_refund=refund_follower(services.sealer)
    )


def line_owners(services: Services) -> LineOwners:
    """Who takes the money of an order line, by the kind of its owner."""
    return {CLAIM: ClaimPayments(services.sealer), DONATION: DonationPayments(services.sealer)}


def refund_follower(sealer: Sealer) -> RefundFollower:
    """What else changes, in the same transaction, when less is left of a gift: its fund's total, its receipt."""

    async def follow(order_id: int, *, actor: Viewer | None, now: datetime) -> None:
        await count_donations_anew(order_id, actor=actor, now=now)
        await reverse_receipt(order_id, actor=actor, sealer=sealer, now=now)

    return follow


def consent_handlers() -> tuple[WithdrawalHandler, ...]:
    """What other rooms do, in the same transaction, when a family takes a consent back."""
    return (follow_consent,)
