"""Every URL on one page: path · methods · view · who may come in.

A row's permission is checked before its view runs; `permissions.py` says which roles hold it. The expected rights of
every role stand, written by hand, in tests/rights.csv; a row without an expectation fails the tests.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cishan import front
from cishan.accounts import desk as staff
from cishan.accounts import joining, me, staff_views
from cishan.accounts import views as doors
from cishan.bank import desk as bank
from cishan.benefits import desk as imports
from cishan.claims import desk as fulfilment
from cishan.claims import field, finance
from cishan.claims import views as claims
from cishan.costs import desk as costs
from cishan.disclosures import desk as disclosures_desk
from cishan.disclosures import views as disclosures
from cishan.donations import desk as donations_desk
from cishan.donations import views as donations
from cishan.households import desk as disclosure
from cishan.households import field as households
from cishan.jobs import desk as jobs
from cishan.kin import desk as kin
from cishan.ledger import views as ledger
from cishan.messages import views as messages
from cishan.monthly import views as monthly
from cishan.own_data import views as own_data
from cishan.payments import desk as payments_desk
from cishan.payments import views as payments
from cishan.payouts import asking, preparing
from cishan.payouts import desk as payouts
from cishan.payouts import kin_desk as kin_hits
from cishan.payouts import terms_desk as payout_terms
from cishan.payouts import transfers_desk as transfers
from cishan.permissions import Permission as May
from cishan.pictures import views as pictures
from cishan.project_pages import roll as donor_roll
from cishan.project_pages import views as project_pages
from cishan.projects import desk as project_desk
from cishan.projects import desk_changes as project_changes
from cishan.projects import desk_form as project_form
from cishan.projects import desk_terms as project_terms
from cishan.receipts import desk as receipts_desk
from cishan.receipts import views as receipts
from cishan.reconciliation import desk as reconciliation
from cishan.reconciliation import month_desk as months
from cishan.refunds import desk as refunds
from cishan.summaries import desk as summaries_desk
from cishan.summaries import views as summaries
from cishan.supervision import desk as supervision
from cishan.supervision import report_views as reports
from cishan.surplus import desk as surplus
from cishan.tracing import desk as tracing
from cishan.urgent import desk as urgent
from cishan.vigilance import desk as vigilance
from cishan.wishes import desk as wish_desk
from cishan.wishes import filing
from cishan.wishes import views as wall

View = Callable[[Request], Awaitable[Response]]

FORM_BYTES = 64 * 1024
UPLOAD_BYTES = 10 * 1024 * 1024
IMPORT_BYTES = 64 * 1024 * 1024
GET = ("GET",)
POST = ("POST",)


@dataclass(frozen=True)
class Row:
    """One line of the map. `body_bytes` is the most that a request may send."""

    path: str
    methods: tuple[str, ...]
    view: View
    permission: May
    body_bytes: int = FORM_BYTES


ROUTES: tuple[Row, ...] = (
    # the front
    Row("/ready", GET, front.show_ready, May.OPEN),
    Row("/about", GET, front.show_about, May.OPEN),
    Row("/about/books", GET, ledger.show_heads, May.OPEN),
    Row("/mode", POST, front.change_mode, May.OPEN),
    # accounts
    Row("/sign-in", GET, doors.show_sign_in, May.OPEN),
    Row("/sign-in", POST, doors.sign_in, May.OPEN),
    Row("/sign-in/code", GET, doors.show_code, May.OPEN),
    Row("/sign-in/code", POST, doors.check_code, May.OPEN),
    Row("/sign-in/code/again", POST, doors.send_again, May.OPEN),
    Row("/register", GET, doors.show_register, May.OPEN),
    Row("/register", POST, doors.register, May.OPEN),
    Row("/register/name", GET, doors.show_name, May.OPEN),
    Row("/register/name", POST, doors.finish_registration, May.OPEN),
    Row("/invitations/{token}", GET, joining.show_invitation, May.OPEN),
    Row("/invitations/{token}", POST, joining.take_invitation, May.OPEN),
    Row("/sign-out", POST, doors.sign_out, May.OPEN),
    Row("/me/devices", GET, me.show_devices, May.SIGNED_IN),
    Row("/me/devices/{id}/revoke", POST, me.revoke_device, May.SIGNED_IN),
    Row("/me/devices/revoke-others", POST, me.revoke_other_devices, May.SIGNED_IN),
    Row("/me/password", GET, me.show_password, May.SIGNED_IN),
    Row("/me/password", POST, me.save_password, May.SIGNED_IN),
    Row("/staff", GET, staff_views.go_home, May.STAFF),
    Row("/staff/sign-in", GET, staff_views.show_staff_sign_in, May.OPEN),
    Row("/staff/sign-in", POST, staff_views.staff_sign_in, May.OPEN),
    Row("/staff/invitations/{token}", GET, joining.show_invitation, May.OPEN),
    Row("/staff/invitations/{token}", POST, joining.take_invitation, May.OPEN),
    Row("/desk/staff", GET, staff.show_staff, May.ADMINISTER),
    Row("/desk/staff/invite", GET, staff.show_invite, May.ADMINISTER),
    Row("/desk/staff/invite", POST, staff.invite, May.ADMINISTER),
    Row("/desk/staff/invite-donor", GET, staff.show_invite_donor, May.ADMINISTER),
    Row("/desk/staff/invite-donor", POST, staff.invite_member, May.ADMINISTER),
    Row("/desk/staff/{id}", GET, staff.show_staff_member, May.ADMINISTER),
    Row("/desk/staff/{id}/role", GET, staff.show_move, May.ADMINISTER),
    Row("/desk/staff/{id}/role", POST, staff.move, May.ADMINISTER),
    Row("/desk/staff/changes/{id}/confirm", POST, staff.confirm, May.ADMINISTER),
    Row("/desk/staff/changes/{id}/drop", POST, staff.drop, May.ADMINISTER),
    Row("/desk/staff/invitations/{id}/revoke", POST, staff.revoke, May.ADMINISTER),
    Row("/desk/staff/{id}/end-role", POST, staff.end, May.ADMINISTER),
    Row("/desk/staff/{id}/disable", POST, staff.disable, May.ADMINISTER),
    # charities and divisions
    # households
    Row("/field/households", GET, households.show_households, May.FILE_WISH),
    Row("/field/households/new", GET, households.show_new, May.FILE_WISH),
    Row("/field/households/new", POST, households.open_household, May.FILE_WISH),
    Row("/field/households/{id}", GET, households.show_household, May.FILE_WISH),
    Row("/field/households/{id}/members/new", GET, households.show_member_new, May.FILE_WISH),
    Row("/field/households/{id}/members/new", POST, households.add_member, May.FILE_WISH),
    Row("/field/households/{id}/members/{person_id}/end", GET, households.show_member_end, May.FILE_WISH),
    Row("/field/households/{id}/members/{person_id}/end", POST, households.end_member, May.FILE_WISH),
    Row("/field/households/{id}/members/{person_id}/groups", GET, households.show_groups, May.FILE_WISH),
    Row("/field/households/{id}/members/{person_id}/groups", POST, households.join_group, May.FILE_WISH),
    Row("/field/households/{id}/members/{person_id}/groups/leave", POST, households.leave_group, May.FILE_WISH),
    Row("/field/households/{id}/consents", GET, households.show_consents, May.FILE_WISH),
    Row("/field/households/{id}/consents", POST, households.give_consents, May.FILE_WISH),
    Row("/field/households/{id}/consents/{purpose}/withdraw", POST, households.withdraw_consent, May.FILE_WISH),
    Row("/field/households/{id}/move", GET, households.show_move, May.FILE_WISH),
    Row("/field/households/{id}/move", POST, households.move_household, May.FILE_WISH),
    Row("/desk/households", GET, households.show_households, May.REVIEW),
    Row("/desk/households/{id}", GET, households.show_household, May.STAFF),
    Row("/desk/households/{id}/move", GET, households.show_move, May.REVIEW),
    Row("/desk/households/{id}/move", POST, households.move_household, May.REVIEW),
    Row("/desk/households/{id}/unmask", GET, disclosure.show_unmask, May.UNMASK),
    Row("/desk/households/{id}/unmask", POST, disclosure.unmask, May.UNMASK),
    Row("/desk/minor-grants", GET, disclosure.show_grants, May.GRANT_MINOR),
    Row("/desk/minor-grants", POST, disclosure.give_grant, May.GRANT_MINOR),
    # wishes: filing, review, publishing
    Row("/field", GET, filing.show_field, May.FILE_WISH),
    Row("/field/households/{id}/wishes/new", GET, filing.show_new, May.FILE_WISH),
    Row("/field/households/{id}/wishes/new", POST, filing.start, May.FILE_WISH),
    Row("/field/wishes/{id}", GET, filing.show_wish, May.FILE_WISH),
    Row("/field/wishes/{id}/go-on", GET, filing.show_place, May.FILE_WISH),
    Row("/field/wishes/{id}/edit/{step}", GET, filing.show_step, May.FILE_WISH),
    Row("/field/wishes/{id}/edit/{step}", POST, filing.save_step, May.FILE_WISH, UPLOAD_BYTES + FORM_BYTES),
    Row("/field/wishes/{id}/check", GET, filing.show_check, May.FILE_WISH),
    Row("/field/wishes/{id}/file", POST, filing.file, May.FILE_WISH),
    Row("/field/wishes/{id}/withdraw", POST, filing.withdraw, May.FILE_WISH),
    Row("/desk/reviews", GET, wish_desk.show_reviews, May.REVIEW),
    Row("/desk/reviews/{id}", GET, wish_desk.show_review, May.REVIEW),
    Row("/desk/reviews/{id}/visit", POST, wish_desk.record_visit, May.REVIEW),
    Row("/desk/reviews/{id}/word", POST, wish_desk.word, May.REVIEW),
    Row("/desk/reviews/{id}/send-back", POST, wish_desk.send_back, May.REVIEW),
    Row("/desk/visits", GET, wish_desk.show_visits, May.VISIT),
    Row("/desk/visits/{id}/confirm", POST, wish_desk.confirm_visit, May.VISIT),
    Row("/desk/publishing", GET, wish_desk.show_publishing, May.PUBLISH),
    Row("/desk/publishing/{id}", GET, wish_desk.show_publish, May.PUBLISH),
    Row("/desk/publishing/{id}/publish", POST, wish_desk.publish, May.PUBLISH),
    Row("/desk/publishing/{id}/reword", POST, wish_desk.ask_rewording, May.PUBLISH),
    Row("/desk/publishing/{id}/send-back", POST, wish_desk.send_back, May.PUBLISH),
    Row("/desk/publishing/{id}/picture", POST, wish_desk.judge_picture, May.PUBLISH),
    Row("/desk/publishing/{id}/take-off", POST, wish_desk.take_off, May.PUBLISH),
    # wishes: the wall
    Row("/", GET, wall.show_front, May.OPEN),
    Row("/wishes", GET, wall.show_wall, May.READ_WALL),
    Row("/wishes/{id}", GET, wall.show_wish, May.READ_WALL),
    Row("/pictures/{id}", GET, pictures.show_picture, May.READ_WALL),
    # projects: for everybody, and the desk
    Row("/projects", GET, project_pages.show_projects, May.READ_WALL),
    Row("/projects/{id}", GET, project_pages.show_project, May.READ_WALL),
    Row("/projects/{id}/gifts", GET, donor_roll.show_roll, May.READ_WALL),
    Row("/projects/{id}/give", GET, project_pages.show_give, May.GIVE),
    Row("/projects/{id}/give", POST, project_pages.give, May.GIVE),
    Row("/projects/{id}/poster.pdf", GET, project_pages.download_poster, May.READ_WALL),
    Row("/desk/projects", GET, project_desk.show_projects, May.SEE_PROJECTS),
    Row("/desk/projects", POST, project_desk.draft, May.MANAGE_PROJECTS),
    Row("/desk/projects/terms", GET, project_terms.show_terms, May.DECIDE_PROJECTS),
    Row("/desk/projects/terms", POST, project_terms.save_terms, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}", GET, project_desk.show_project, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/edit/{step}", GET, project_form.show_step, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/edit/{step}", POST, project_form.save_step, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/decide", GET, project_desk.show_decision, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}/decide", POST, project_desk.decide, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}/file", GET, project_desk.show_filing, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/file", POST, project_desk.file, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/reopen", POST, project_desk.reopen, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/withdraw", POST, project_desk.withdraw, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/open-at-once", POST, project_desk.open_at_once, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/pause", POST, project_desk.pause, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/resume", POST, project_desk.resume, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}/settle", POST, project_desk.settle, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}/surplus", GET, surplus.show_surplus, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/surplus", POST, surplus.propose, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/surplus/decide", POST, surplus.decide, May.DECIDE_PROJECTS),
    Row("/desk/projects/{id}/surplus/drop", POST, surplus.drop, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/amend", GET, project_changes.show_amend, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/amend", POST, project_changes.amend, May.MANAGE_PROJECTS),
    Row(
        "/desk/projects/{id}/amendments/{amendment}/decide",
        POST,
        project_changes.decide_amendment,
        May.DECIDE_PROJECTS,
    ),
    Row("/desk/projects/{id}/amendments/{amendment}/drop", POST, project_changes.drop_amendment, May.SEE_PROJECTS),
    Row("/desk/projects/{id}/amendments/{amendment}/file", POST, project_changes.file_amendment, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/updates/new", GET, project_changes.show_update, May.MANAGE_PROJECTS),
    Row(
        "/desk/projects/{id}/updates/new",
        POST,
        project_changes.write_update,
        May.MANAGE_PROJECTS,
        UPLOAD_BYTES + FORM_BYTES,
    ),
    Row("/desk/projects/{id}/updates/{update}/publish", POST, project_changes.publish_update, May.MANAGE_PROJECTS),
    Row("/desk/projects/{id}/updates/{update}/refuse", POST, project_changes.refuse_update, May.MANAGE_PROJECTS),
    # claims: the donor's side
    Row("/wishes/{id}/claim", GET, claims.show_claim, May.GIVE),
    Row("/wishes/{id}/claim", POST, claims.make_claim, May.GIVE),
    Row("/me", GET, claims.show_mine, May.GIVE),
    Row("/me/claims/{id}", GET, claims.show_gift, May.GIVE),
    Row("/me/claims/{id}/pay", GET, claims.go_to_cashier, May.GIVE),
    Row("/me/claims/{id}/pay-anew", POST, claims.start_again, May.GIVE),
    Row("/me/claims/{id}/cancel", POST, claims.cancel, May.GIVE),
    Row("/me/claims/{id}/hand-back", POST, claims.hand_back, May.GIVE),
    Row("/me/claims/{id}/take-back", GET, claims.show_take_back, May.GIVE),
    Row("/me/claims/{id}/take-back", POST, claims.take_back, May.GIVE),
    # donations to a fund
    Row("/give", GET, donations.show_give, May.GIVE),
    Row("/give", POST, donations.give, May.GIVE),
    Row("/me/donations/{id}", GET, donations.show_donation, May.GIVE),
    Row("/me/donations/{id}/pay", GET, donations.go_to_cashier, May.GIVE),
    Row("/me/donations/{id}/name", POST, donations.change_name, May.GIVE),
    Row("/me/donations/{id}/cancel", POST, donations.cancel, May.GIVE),
    Row("/me/donations/{id}/take-back", POST, donations.take_back, May.GIVE),
    Row("/desk/words", GET, donations_desk.show_words, May.PUBLISH),
    # monthly giving
    Row("/me/monthly", GET, monthly.show_monthly, May.GIVE),
    Row("/me/monthly", POST, monthly.start, May.GIVE),
    Row("/me/monthly/{id}/change", POST, monthly.change, May.GIVE),
    Row("/me/monthly/{id}/pause", POST, monthly.pause, May.GIVE),
    Row("/me/monthly/{id}/resume", POST, monthly.resume, May.GIVE),
    Row("/me/monthly/{id}/end", POST, monthly.end, May.GIVE),
    # payments
    Row("/pay/notify", POST, payments.receive_notice, May.OPEN),
    Row("/pay/return", GET, payments.come_back, May.OPEN),
    # claims: fulfilment
    Row("/field/deliveries", GET, field.show_tasks, May.DELIVER),
    Row("/field/deliveries/{id}", GET, field.show_task, May.DELIVER),
    Row("/field/deliveries/{id}/purchase", POST, field.record_bought, May.DELIVER, UPLOAD_BYTES + FORM_BYTES),
    Row("/field/deliveries/{id}/hand-over", POST, field.record_hand_over, May.DELIVER, 2 * UPLOAD_BYTES + FORM_BYTES),
    Row("/desk/checks", GET, fulfilment.show_checks, May.CHECK_FULFILMENT),
    Row("/desk/checks/{id}", GET, fulfilment.show_check, May.CHECK_FULFILMENT),
    Row("/desk/checks/{id}", POST, fulfilment.save_check, May.CHECK_FULFILMENT),
    Row("/desk/checks/{id}/thanks", GET, fulfilment.show_thanks, May.CHECK_FULFILMENT),
    Row("/desk/checks/{id}/thanks", POST, fulfilment.save_thanks, May.CHECK_FULFILMENT),
    Row("/desk/thanks", GET, fulfilment.show_thanks_queue, May.PUBLISH),
    Row("/desk/thanks/{id}", POST, fulfilment.pass_thanks_on, May.PUBLISH),
    Row("/desk/handovers/{id}/picture", POST, fulfilment.judge_handover_picture, May.PUBLISH),
    Row("/desk/claims/{id}", GET, fulfilment.show_claim, May.SUPERVISE),
    Row("/desk/claims/{id}/buyer", POST, fulfilment.put_buyer_in, May.RESOLVE),
    Row("/desk/claims/{id}/end", POST, fulfilment.end, May.RESOLVE),
    # ledger and finance
    Row("/desk/finance", GET, tracing.show_finance, May.SEE_MONEY),
    Row("/desk/finance/advances", GET, finance.show_advances, May.MANAGE_MONEY),
    Row("/desk/finance/advances/check", POST, finance.check_advances, May.MANAGE_MONEY),
    Row("/desk/finance/advances", POST, finance.advance, May.MANAGE_MONEY),
    Row("/desk/finance/advanced/{ids}", GET, finance.show_advanced, May.MANAGE_MONEY),
    Row("/desk/finance/approvals", GET, finance.show_approvals, May.MANAGE_MONEY),
    Row("/desk/finance/approvals/{id}/approve", POST, finance.approve, May.MANAGE_MONEY),
    Row("/desk/finance/approvals/{id}/refuse", POST, finance.refuse, May.MANAGE_MONEY),
    Row("/desk/finance/trial-balance", GET, ledger.show_trial_balance, May.SEE_MONEY),
    Row("/desk/finance/entries", GET, tracing.show_entries, May.SEE_MONEY),
    Row("/desk/finance/entries/{id}", GET, tracing.show_entry, May.SEE_MONEY),
    # help paid out of funds
    Row("/desk/payouts", GET, payouts.show_payouts, May.SEE_PAYOUTS),
    Row("/desk/payouts/shares", GET, preparing.show_shares, May.MANAGE_MONEY),
    Row("/desk/payouts/shares", POST, preparing.set_aside, May.MANAGE_MONEY),
    Row("/desk/payouts/shares/{id}/release", POST, preparing.take_back_share, May.MANAGE_MONEY),
    Row("/desk/payouts/terms", GET, payout_terms.show_terms, May.DECIDE_PROJECTS),
    Row("/desk/payouts/terms", POST, payout_terms.save_terms, May.DECIDE_PROJECTS),
    Row("/desk/payouts/payees", GET, preparing.show_payees, May.VISIT),
    Row("/desk/payouts/payees", POST, preparing.enter, May.VISIT),
    Row("/desk/payouts/payees/{id}/verify", POST, preparing.verify, May.VISIT),
    Row("/desk/payouts/new", GET, asking.show_new, May.APPLY_PAYOUT),
    Row("/desk/payouts/new", POST, asking.apply_new, May.APPLY_PAYOUT),
    Row("/desk/payouts/transfers", GET, transfers.show_transfers, May.PAY_OUT),
    Row("/desk/payouts/transfers", POST, transfers.pay_by_alipay, May.PAY_OUT),
    Row("/desk/payouts/files", POST, payouts.file_payouts, May.PAY_OUT),
    Row("/desk/payouts/files/{id}", GET, payouts.show_file, May.PAY_OUT),
    Row("/desk/payouts/files/{id}/download", POST, payouts.download_file, May.PAY_OUT),
    Row("/desk/payouts/{id}", GET, payouts.show_payout, May.SEE_PAYOUTS),
    Row("/desk/payouts/{id}/approve", POST, payouts.approve, May.APPROVE_PAYOUT),
    Row("/desk/payouts/{id}/refuse", POST, payouts.refuse, May.APPROVE_PAYOUT),
    Row("/desk/payouts/{id}/stop", POST, payouts.stop, May.STOP_PAYOUT),
    Row("/desk/payouts/{id}/proof", POST, payouts.prove, May.APPLY_PAYOUT),
    Row("/desk/payouts/{id}/paid", POST, payouts.mark_paid, May.PAY_OUT),
    Row("/desk/payouts/{id}/returned", POST, payouts.mark_returned, May.PAY_OUT),
    Row("/desk/ties", GET, kin.show_ties, May.DECLARE_TIES),
    Row("/desk/ties", POST, kin.declare, May.DECLARE_TIES),
    Row("/desk/kin", GET, kin_hits.show_hits, May.SUPERVISE),
    # urgent help
    Row("/desk/urgent", GET, urgent.show_cases, May.SEE_URGENT),
    Row("/desk/urgent/new", GET, urgent.show_new, May.APPLY_PAYOUT),
    Row("/desk/urgent/new", POST, urgent.open_new, May.APPLY_PAYOUT),
    Row("/desk/urgent/{id}", GET, urgent.show_case, May.SEE_URGENT),
    Row("/desk/urgent/{id}/agree", POST, urgent.agree_to, May.DECIDE_URGENT),
    Row("/desk/urgent/{id}/refuse", POST, urgent.refuse, May.DECIDE_URGENT),
    Row("/desk/urgent/{id}/finding", POST, urgent.save_finding, May.VISIT),
    Row("/desk/urgent/{id}/confirm", POST, urgent.confirm, May.VISIT),
    Row("/desk/urgent/{id}/paper", POST, urgent.print_paper, May.REVIEW),
    # refunds
    Row("/desk/finance/refunds", GET, refunds.show_refunds, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/new", GET, refunds.show_start, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/new", POST, refunds.start, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/ask", POST, refunds.ask_alipay, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/terms", GET, refunds.show_terms, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/terms", POST, refunds.save_terms, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}", GET, refunds.show_refund, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/agree", POST, refunds.agree, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/decline", POST, refunds.decline, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/retry", POST, refunds.retry, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/keep", POST, refunds.keep, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/take", POST, refunds.take, May.MANAGE_MONEY),
    Row("/desk/finance/refunds/{id}/explain", POST, refunds.explain, May.MANAGE_MONEY),
    # large gifts
    Row("/desk/finance/large-gifts", GET, vigilance.show_cases, May.MANAGE_MONEY),
    Row("/desk/finance/watch-list", GET, vigilance.show_lists, May.MANAGE_MONEY),
    Row("/desk/finance/watch-list", POST, vigilance.add_names, May.MANAGE_MONEY),
    Row("/desk/finance/watch-list/end", POST, vigilance.end_list, May.MANAGE_MONEY),
    Row("/desk/finance/large-gifts/terms", POST, vigilance.save_terms, May.MANAGE_MONEY),
    Row("/desk/finance/large-gifts/{id}/finding", POST, vigilance.find_out, May.MANAGE_MONEY),
    Row("/desk/finance/large-gifts/{id}/close", POST, vigilance.close, May.MANAGE_MONEY),
    # receipts, certificates, statements, one's own data
    Row("/me/gifts", GET, receipts.show_gifts, May.GIVE),
    Row("/me/gifts/{id}", GET, receipts.show_gift, May.GIVE),
    Row("/me/gifts/{id}/receipt", GET, receipts.show_ask, May.GIVE),
    Row("/me/gifts/{id}/receipt", POST, receipts.ask, May.GIVE),
    Row("/me/gifts/{id}/certificate", POST, receipts.certify, May.GIVE),
    Row("/me/gifts/{id}/certificate.pdf", GET, receipts.download_certificate, May.GIVE),
    Row("/me/statements/{year}", GET, receipts.show_statement, May.GIVE),
    Row("/me/statements/{year}/pdf", GET, receipts.download_statement_pdf, May.GIVE),
    Row("/me/statements/{year}/xlsx", GET, receipts.download_statement_workbook, May.GIVE),
    Row("/certificates/{token}", GET, receipts.show_certificate, May.OPEN),
    Row("/desk/finance/receipts", GET, receipts_desk.show_receipts, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/issued", GET, receipts_desk.show_register, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/issued/{id}/reverse", POST, receipts_desk.reverse, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/reversals/{id}/red", POST, receipts_desk.enter_red, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/{id}", GET, receipts_desk.show_request, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/{id}/issue", POST, receipts_desk.issue, May.MANAGE_MONEY),
    Row("/desk/finance/receipts/{id}/refuse", POST, receipts_desk.refuse, May.MANAGE_MONEY),
    Row("/me/data", GET, own_data.show_own_data, May.GIVE),
    Row("/me/data/copy", GET, own_data.download_copy, May.GIVE),
    Row("/me/data/name", GET, own_data.show_name, May.GIVE),
    Row("/me/data/name", POST, own_data.save_name, May.GIVE),
    Row("/me/data/close", GET, own_data.show_close, May.GIVE),
    Row("/me/data/close", POST, own_data.close, May.GIVE),
    # reconciliation: bills, the bank, closed months
    Row("/desk/finance/reconciliation", GET, reconciliation.show_days, May.SEE_MONEY),
    Row("/desk/finance/reconciliation/{day}", GET, reconciliation.show_day, May.SEE_MONEY),
    Row("/desk/finance/reconciliation/{day}/again", POST, reconciliation.ask_again, May.KEEP_BOOKS),
    Row("/desk/finance/differences/{id}/take", POST, reconciliation.take, May.KEEP_BOOKS),
    Row("/desk/finance/differences/{id}/resolve", POST, reconciliation.resolve, May.KEEP_BOOKS),
    Row("/desk/finance/differences/{id}/agree", POST, reconciliation.agree, May.MANAGE_MONEY),
    Row("/desk/finance/differences/{id}/decline", POST, reconciliation.decline, May.MANAGE_MONEY),
    Row("/desk/finance/bank", GET, bank.show_bank, May.SEE_MONEY),
    Row("/desk/finance/bank", POST, bank.upload, May.HANDLE_CASH, UPLOAD_BYTES + FORM_BYTES),
    Row("/desk/finance/bank/template", GET, bank.download_template, May.HANDLE_CASH),
    Row("/desk/finance/bank/{id}", GET, bank.show_statement, May.HANDLE_CASH),
    Row("/desk/finance/bank/{id}/apply", POST, bank.apply, May.HANDLE_CASH),
    Row("/desk/finance/bank/lines/{id}", POST, bank.code, May.KEEP_BOOKS),
    Row("/desk/finance/costs", GET, costs.show_costs, May.SEE_MONEY),
    Row("/desk/finance/costs", POST, costs.enter, May.KEEP_BOOKS),
    Row("/desk/finance/costs/limits", POST, costs.set_limits, May.MANAGE_MONEY),
    Row("/desk/finance/months", GET, months.show_months, May.SEE_MONEY),
    Row("/desk/finance/months/{month}/propose", POST, months.propose, May.KEEP_BOOKS),
    Row("/desk/finance/months/{month}/close", POST, months.close, May.MANAGE_MONEY),
    Row("/desk/finance/months/{month}/vouchers.csv", GET, months.download_csv, May.SEE_MONEY),
    Row("/desk/finance/months/{month}/vouchers.xlsx", GET, months.download_workbook, May.SEE_MONEY),
    # disclosure: what has to be published, and the funds' books for everybody
    Row("/disclosures", GET, disclosures.show_reports, May.READ_WALL),
    Row("/disclosures/{id}", GET, disclosures.show_report, May.READ_WALL),
    Row("/disclosures/{id}/pdf", GET, disclosures.download_report, May.READ_WALL),
    Row("/disclosures/{id}/xlsx", GET, disclosures.download_report_workbook, May.READ_WALL),
    Row("/transparency", GET, disclosures.show_transparency, May.READ_WALL),
    Row("/transparency/csv", GET, disclosures.download_transparency, May.READ_WALL),
    Row("/transparency/{id}", GET, disclosures.show_fund, May.READ_WALL),
    Row("/transparency/{id}/xlsx", GET, disclosures.download_fund, May.READ_WALL),
    Row("/desk/disclosures", GET, disclosures_desk.show_calendar, May.DISCLOSE),
    Row("/desk/disclosures/{id}", GET, disclosures_desk.show_duty, May.DISCLOSE),
    Row("/desk/disclosures/{id}/draft", POST, disclosures_desk.save, May.DISCLOSE),
    Row("/desk/disclosures/{id}/publish", POST, disclosures_desk.publish, May.DISCLOSE),
    Row("/desk/disclosures/{id}/drop", POST, disclosures_desk.drop, May.DISCLOSE),
    # benefits and imports
    Row("/desk/imports", GET, imports.show_imports, May.IMPORT),
    Row("/desk/imports", POST, imports.upload, May.IMPORT, IMPORT_BYTES + FORM_BYTES),
    Row("/desk/imports/templates/{kind}", GET, imports.download_template, May.IMPORT),
    Row("/desk/imports/{id}", GET, imports.show_import, May.IMPORT),
    Row("/desk/imports/{id}/apply", POST, imports.apply, May.IMPORT),
    Row("/desk/imports/{id}/retry", POST, imports.retry, May.IMPORT),
    Row("/desk/imports/{id}/errors.csv", GET, imports.download_errors, May.IMPORT),
    # summaries
    Row("/list", GET, summaries.show_door, May.OPEN),
    Row("/list", POST, summaries.enter_code, May.OPEN),
    Row("/list/check", GET, summaries.show_check, May.OPEN),
    Row("/list/check", POST, summaries.check, May.OPEN),
    Row("/list/send-code", POST, summaries.ask_for_code, May.OPEN),
    Row("/list/open", GET, summaries.show_list, May.OPEN),
    Row("/list/doubt", GET, summaries.show_doubt, May.OPEN),
    Row("/list/doubt", POST, summaries.send_doubt, May.OPEN),
    Row("/list/close", POST, summaries.close, May.OPEN),
    Row("/list/{token}", GET, summaries.follow_link, May.OPEN),
    Row("/desk/lists", GET, summaries_desk.show_lists, May.ISSUE_LISTS),
    Row("/desk/lists/freeze", POST, summaries_desk.freeze, May.ISSUE_LISTS),
    Row("/desk/lists/print", POST, summaries_desk.print_all, May.ISSUE_LISTS),
    Row("/desk/lists/{id}/print", POST, summaries_desk.print_one, May.ISSUE_LISTS),
    Row("/desk/doubts", GET, summaries_desk.show_doubts, May.REVIEW),
    Row("/desk/doubts/{id}", POST, summaries_desk.answer_doubt, May.REVIEW),
    # supervision
    Row("/report", GET, reports.show_report, May.OPEN),
    Row("/report", POST, reports.report, May.OPEN),
    Row("/report/thanks", GET, reports.show_thanks, May.OPEN),
    Row("/desk/concerns", GET, reports.show_concerns, May.PUBLISH),
    Row("/desk/concerns/{id}/answer", POST, reports.answer, May.PUBLISH),
    Row("/desk/overdue", GET, supervision.show_overdue, May.SUPERVISE),
    # messages and jobs
    Row("/me/messages", GET, messages.show_messages, May.SIGNED_IN),
    Row("/demo/outbox", GET, messages.show_outbox, May.DEMO_ONLY),
    Row("/desk/merchant-keys", GET, payments_desk.show_keys, May.ADMINISTER),
    Row("/desk/jobs", GET, jobs.show_jobs, May.ADMINISTER),
    Row("/desk/jobs/{id}/again", POST, jobs.try_again, May.ADMINISTER),
)
