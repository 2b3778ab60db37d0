"""The few things every view needs from its request."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cishan.accounts.viewer import Viewer
from cishan.errors import Forbidden, NotFound
from cishan.services import Services

MAX_ID = 2**63 - 1
SESSION_COOKIE = "cishan_session"
ELDER_COOKIE = "cishan_mode"
NOTICE_COOKIE = "cishan_notice"

NOTICES = {
    "claim-cancelled": "已取消认领，心愿回到心愿墙。没有扣您的钱。",
    "gift-taken-back": "正在退回，会原路回到您的支付宝。心愿已经放回心愿墙。",
    "share-set-aside": "分配好了，当地的同事可以申请了。",
    "payee-entered": "录好了。请另一位同事照着卡再输一遍。",
    "payee-verified": "两遍一样，核对好了，可以付款了。",
    "case-closed": "已办结，这笔钱照常办理。",
    "monthly-started": "月捐开始了，谢谢您。到日子会提醒您一次。",
    "monthly-paused": "已暂停，不再提醒。想继续时随时能继续。",
    "monthly-resumed": "月捐继续了，谢谢您。",
    "monthly-ended": "月捐结束了，谢谢您以前的每一次。",
    "donation-taken-back": "正在退回，会原路回到您的支付宝。",
    "refund-started": "退款已经开始办，结果会显示在这里。",
    "refund-proposed": "已提出，等另一位财务同意。",
    "refund-agreed": "已同意，正在退。",
    "refund-declined": "没有同意，没有退。",
    "refund-retried": "正在再退一次。",
    "refund-kept": "已转入微心愿项目，已告诉爱心人士。",
    "refund-taken": "这笔退款由您处理。",
    "order-asked": "已向支付宝查过，下面是最新的情况。",
    "claim-handed-back": "已退回认领，心愿回到心愿墙，谢谢您告诉我们。",
    "list-closed": "清单已经合上，别人在这个手机上看不到了。",
    "lists-frozen": "已定稿。有变化的家庭出了新的一版，没有变化的还是原来那一版。",
    "nothing-to-print": "没有可以出单的清单。请先定稿；没有收到任何帮助的家庭没有清单。",
    "sheet-printed-before": "这张单子刚才已经出过。没有存下来的话，再点一次“出单”。",
    "doubt-sent": "已经告诉乡镇。5 个工作日内有人答复，答复写在这一页下面。",
    "doubt-answered": "已答复，这家人打开清单就能看到。",
    "bought": "登记好了，接下来送到这家人手里。",
    "leave-asked": "登记好了。花的钱超过拨的钱，要等财务同意。",
    "delivered": "送到了，谢谢您。会有另一位同事问这家人。",
    "checked": "记下了。",
    "thanks-written": "感谢的话记下了，编辑看过就转给爱心人士。",
    "thanks-passed-on": "已转给爱心人士。",
    "buyer-put-in": "已换人去买，并通知了这位协理员。",
    "claim-ended": "认领已终止，已告诉爱心人士。钱留在微心愿项目。",
    "purchase-approved": "已同意，多花的钱已拨付。",
    "urgent-opened": "已经提出。请另外两位同事尽快作决定。",
    "urgent-agreed": "您的意见记下了。",
    "urgent-refused": "已记下不同意。",
    "urgent-found": "记下了。请一起去的同事用自己的账号确认。",
    "urgent-completed": "手续补好了。",
    "transfers-begun": "已经开始付款，结果会自动登记。",
    "payout-proved": "凭据记下了。",
    "payout-applied": "已提交，等另外两位同事审批。",
    "payout-approved": "已同意。",
    "ties-declared": "记下了。只留了比对码，谁也看不到原文。",
    "share-released": "没用的收回来了，可以重新安排。",
    "payout-stopped": "这笔不付了，钱回到了分配里。",
    "payout-refused": "没有同意，原因已记下。",
    "payouts-filed": "付款文件做好了，请下载后送银行。",
    "payout-paid": "已登记到账，这家人的幸福清单上会有这一笔。",
    "payout-returned": "已登记退回，钱回到原来的分配里。",
    "receipt-asked": "已申请，财务会尽快开票，开好了发消息告诉您。",
    "receipt-issued": "已登记，告诉捐赠人了。",
    "receipt-refused": "已退回，原因告诉捐赠人了。",
    "receipt-reversed": "已作废，并替捐赠人重新申请。请开红票，再把红票号码登记到这里。",
    "red-bill-entered": "红票登记好了。",
    "certificate-made": "证书做好了，可以下载。",
    "account-closed": "账号已注销，谢谢您做过的一切。",
    "purchase-refused": "没有同意，已告诉协理员。",
    "bill-compared": "取到账单，核对过了。",
    "bill-not-had": "没有取到账单，过一会儿会自动再取。",
    "difference-taken": "这处差异由您处理。",
    "difference-resolved": "处理办法记下了。会少一笔钱的，等财务同意。",
    "difference-agreed": "已同意。",
    "difference-declined": "已退回会计。",
    "statement-applied": "已导入，会计可以逐笔认定了。",
    "bank-line-coded": "认定好了。",
    "month-proposed": "已提出结账，等财务结账。",
    "month-closed": "已结账。这个月不能再记账了。",
    "draft-saved": "草稿存好了。请另一位同事看过以后公开。",
    "draft-dropped": "草稿删掉了。",
    "report-published": "已公开。",
    "queued-again": "已重新排队，做完以后这里会看到。",
    "saved": "已保存。",
    "household-opened": "登记好了。家里还有别人，请接着添加。",
    "member-added": "添加好了。",
    "consent-given": "记下来了。",
    "consent-withdrawn": "已经撤回。这一项公开过的内容已经撤下。",
    "minor-granted": "已授权，24 小时后自动失效。",
    "sent": "已提交。",
    "project-decided": "已决定。请编辑到民政部门备案。",
    "project-reopened": "已退回修改。",
    "project-filed": "备案登记好了，到开始时间自动开始。这些内容已经锁定。",
    "project-withdrawn": "已撤回，这个项目不办了。",
    "project-opened": "已开始募捐。请在 10 日内补办备案。",
    "project-paused": "已暂停，公开页面关了，也不再收款。",
    "project-resumed": "已恢复募捐。",
    "project-settled": "已结项。",
    "surplus-proposed": "已提交，等负责人决定。",
    "surplus-decided": "剩余财产已经转出，两个项目的账都记好了。",
    "surplus-dropped": "已撤回，可以重新提出。",
    "amendment-proposed": "已提出变更，等负责人决定。备案以前公开的内容不变。",
    "amendment-decided": "已同意变更，请编辑去备案。",
    "amendment-dropped": "已撤回这个变更。",
    "amendment-filed": "变更备案登记好了，现在生效。",
    "update-written": "写好了，等另一位编辑审。",
    "update-published": "已发布，项目页面上看得到。",
    "update-refused": "没有发布。",
    "signed-out": "已退出登录。",
    "visit-recorded": "走访记好了。另一位同事确认以后，就能写公开文字。",
    "visit-confirmed": "已确认这次走访。",
    "wish-worded": "文字已保存，交给慈善总会发布。",
    "wish-returned": "已退回，原因会显示给对方。",
    "wish-published": "已发布，心愿上墙了。",
    "wish-taken-off": "已撤下，心愿不在墙上了。",
    "reported": "收到了，谢谢您告诉我们。我们会在 5 个工作日内处理。",
    "concern-closed": "已答复并办结。",
    "registered": "登记好了，您已经登录。",
    "joined": "密码设好了，您已经登录。",
    "code-sent": "新的验证码发出去了，请用最新收到的那个。",
    "password-changed": "密码改好了，其他设备都已退出登录。",
    "device-signed-out": "那台设备已经退出登录。",
    "invited": "邀请短信已经发出，7 天内有效。",
    "role-proposed": "换岗已经提出，等另一位管理员在 7 天内确认。",
    "role-dropped": "换岗的提议作罢了，岗位没有变。",
    "invitation-revoked": "邀请已收回，短信里的链接打不开了。",
    "role-ended": "岗位已结束，这个人的设备都已退出登录。",
    "account-disabled": "账号已停用，这个人的设备都已退出登录。",
}
"""Sentences about what has just been done, by the key a view hands to `done`; rooms add theirs."""


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def viewer_or_none(request: Request) -> Viewer | None:
    viewer: Viewer | None = request.state.viewer
    return viewer


def viewer_of(request: Request) -> Viewer:
    """The signed-in person; routes that reach a view with this call have asked for sign-in in `routes.py`."""
    viewer = viewer_or_none(request)
    if viewer is None:
        raise Forbidden("请先登录。")
    return viewer


def path_id(request: Request, name: str = "id") -> int:
    """A positive id from the path; anything else is a page that is not there."""
    found = id_in(str(request.path_params[name]))
    if found is None:
        raise NotFound
    return found


def id_in(text: str) -> int | None:
    """A positive id that was typed or stands in an address; None for anything else, however long."""
    readable = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))
    return int(text) if readable and 0 < int(text) <= MAX_ID else None


def see_other(location: str) -> Response:
    """After a write the browser is sent to a page that can be reloaded."""
    return RedirectResponse(location, status_code=303)


def done(location: str, notice: str) -> Response:
    """Sends the browser on after a write, with a sentence (a key of NOTICES) that the next page shows once."""
    response = see_other(location)
    response.set_cookie(NOTICE_COOKIE, notice, max_age=60, httponly=True, samesite="lax")
    return response
