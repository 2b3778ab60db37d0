"""Where each role can go: the places of the bottom bar on phones and of the rail on desks."""

from cishan.accounts.states import STAFF_ROLES, Role
from cishan.shell import Area, Place

Link = tuple[str, str, str]

PUBLIC: tuple[Link, ...] = (
    ("心愿墙", "/wishes", "wall"),
    ("慈善筹", "/projects", "money"),
    ("幸福清单", "/list", "list"),
    ("我的", "/me", "user"),
)

OWN: Link = ("我的消息", "/me/messages", "bell")
"""The last place of every staff member: messages, devices, password, and the way out."""

PLACES: dict[Role, tuple[Link, ...]] = {
    Role.DONOR: PUBLIC,
    Role.ORGANISATION: PUBLIC,
    Role.COORDINATOR: (
        ("今天", "/field", "check"),
        ("送东西", "/field/deliveries", "gift"),
        ("家庭", "/field/households", "home"),
        ("幸福清单", "/desk/lists", "list"),
        ("急难先行", "/desk/urgent", "alert"),
    ),
    Role.TOWN_REVIEWER: (
        ("审核", "/desk/reviews", "inbox"),
        ("走访", "/desk/visits", "users"),
        ("核实", "/desk/checks", "check"),
        ("超时的事", "/desk/overdue", "clock"),
        ("家庭", "/desk/households", "home"),
        ("救助款", "/desk/payouts", "gift"),
        ("急难先行", "/desk/urgent", "alert"),
        ("幸福清单", "/desk/lists", "list"),
        ("清单疑问", "/desk/doubts", "message"),
    ),
    Role.EDITOR: (
        ("发布", "/desk/publishing", "wall"),
        ("慈善筹项目", "/desk/projects", "heart"),
        ("救助款", "/desk/payouts", "gift"),
        ("急难先行", "/desk/urgent", "alert"),
        ("感谢", "/desk/thanks", "message"),
        ("捐赠人的话", "/desk/words", "message"),
        ("超时的事", "/desk/overdue", "clock"),
        ("信息公开", "/desk/disclosures", "calendar"),
        ("举报", "/desk/concerns", "shield"),
    ),
    Role.DIRECTOR: (
        ("慈善筹项目", "/desk/projects", "heart"),
        ("救助款", "/desk/payouts", "gift"),
        ("项目规定", "/desk/projects/terms", "file"),
    ),
    Role.SUPERVISOR: (
        ("超时的事", "/desk/overdue", "clock"),
        ("核实", "/desk/checks", "check"),
        ("急难先行", "/desk/urgent", "alert"),
        ("避嫌核对", "/desk/kin", "users"),
        ("孩子授权", "/desk/minor-grants", "shield"),
    ),
    Role.FINANCE: (
        ("财务", "/desk/finance", "money"),
        ("拨备用金", "/desk/finance/advances", "gift"),
        ("超价审批", "/desk/finance/approvals", "check"),
        ("救助款", "/desk/payouts", "gift"),
        ("退款", "/desk/finance/refunds", "back"),
        ("票据", "/desk/finance/receipts", "file"),
        ("大额核查", "/desk/finance/large-gifts", "shield"),
        ("账目", "/desk/finance/entries", "search"),
        ("对账", "/desk/finance/reconciliation", "calendar"),
        ("结账", "/desk/finance/months", "file"),
        ("管理费用", "/desk/finance/costs", "money"),
        ("信息公开", "/desk/disclosures", "calendar"),
    ),
    Role.BOOKKEEPER: (
        ("对账", "/desk/finance/reconciliation", "calendar"),
        ("银行流水", "/desk/finance/bank", "list"),
        ("结账", "/desk/finance/months", "file"),
        ("管理费用", "/desk/finance/costs", "money"),
        ("账目", "/desk/finance/entries", "search"),
        ("财务", "/desk/finance", "money"),
    ),
    Role.CASHIER: (
        ("救助款", "/desk/payouts", "gift"),
        ("银行流水", "/desk/finance/bank", "list"),
        ("财务", "/desk/finance", "money"),
        ("账目", "/desk/finance/entries", "search"),
    ),
    Role.ADMIN: (
        ("人员", "/desk/staff", "users"),
        ("导入", "/desk/imports", "file"),
        ("后台任务", "/desk/jobs", "clock"),
        ("支付宝密钥", "/desk/merchant-keys", "shield"),
    ),
}
"""Each room adds its places here, the daily ones first."""

AREAS: dict[Role, Area] = {Role.DONOR: "public", Role.ORGANISATION: "public", Role.COORDINATOR: "field"}

HOME: dict[Role, str] = {
    Role.DONOR: "/wishes",
    Role.ORGANISATION: "/wishes",
    Role.COORDINATOR: "/field",
    Role.TOWN_REVIEWER: "/desk/reviews",
    Role.EDITOR: "/desk/publishing",
    Role.DIRECTOR: "/desk/projects",
    Role.SUPERVISOR: "/desk/overdue",
    Role.FINANCE: "/desk/finance",
    Role.BOOKKEEPER: "/desk/finance/reconciliation",
    Role.CASHIER: "/desk/finance/bank",
    Role.ADMIN: "/desk/staff",
}
"""Where a role lands after sign-in."""


def places_of(role: Role | None, path: str) -> tuple[Place, ...]:
    """The places for a role; the one whose address leads `path` is current."""
    links = PLACES[role] if role else PUBLIC
    if role in STAFF_ROLES:
        links = (*links, OWN)
    best = max((href for _, href, _ in links if path == href or path.startswith(href + "/")), key=len, default="")
    return tuple(Place(label=label, href=href, icon=icon, current=href == best) for label, href, icon in links)


def area_of(role: Role | None) -> Area:
    return AREAS.get(role, "desk") if role else "public"


def home_of(role: Role) -> str:
    return HOME[role]
