"""The one Chinese label of every enum value; the glossary is checked against this file."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cishan.accounts.states import Role, Standing
from cishan.bank.states import BankLineStatus, StatementStatus
from cishan.benefits.states import ImportKind, ImportStatus
from cishan.charities.states import KeySide
from cishan.claims.states import (
    CheckAnswer,
    CheckChannel,
    ClaimStatus,
    ClaimWay,
    DeliveryProof,
    EndReason,
)
from cishan.disclosures.states import DutyKind, Urgency
from cishan.donations.states import DonationStatus
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd, SealedField
from cishan.kin.states import Tie
from cishan.ledger.states import AccountType, EntryKind
from cishan.monthly.states import PlanStatus
from cishan.payments.states import LateChoice, NoticeVerdict, OrderStatus, PayChannel, UnassignedReason
from cishan.payouts.states import PayeeKind, PayoutChannel, PayoutKind, PayoutStatus, TransferState
from cishan.plans.states import AtTarget, GivingWay, ProjectKind, Reach, SurplusRule
from cishan.projects.states import AmendmentStatus, ProjectStatus
from cishan.receipts.states import (
    BillColour,
    CertificateStanding,
    PayerKind,
    ReceiptState,
    RequestStatus,
    ReversalReason,
)
from cishan.reconciliation.states import (
    BillRowKind,
    DayStatus,
    DifferenceKind,
    DifferenceStatus,
    Resolution,
)
from cishan.refunds.states import RefundReason, RefundStatus
from cishan.summaries.states import LineKind
from cishan.tracing.states import FundUse, Whereabouts
from cishan.urgent.states import CaseStage, UrgentCause
from cishan.vigilance.states import CaseOutcome, GiftSource, ListedKind
from cishan.wishes.states import Audience, WishKind, WishStatus

ROLE_LABELS: dict[Role, str] = {
    Role.DONOR: "爱心人士",
    Role.ORGANISATION: "爱心单位",
    Role.COORDINATOR: "民政协理员",
    Role.TOWN_REVIEWER: "乡镇审核员",
    Role.EDITOR: "慈善总会编辑",
    Role.FINANCE: "慈善总会财务",
    Role.BOOKKEEPER: "慈善总会会计",
    Role.CASHIER: "慈善总会出纳",
    Role.DIRECTOR: "慈善总会负责人",
    Role.SUPERVISOR: "监督员",
    Role.ADMIN: "系统管理员",
}

STANDING_LABELS: dict[Standing, str] = {
    Standing.WORKING: "在岗",
    Standing.ENDED: "已离岗",
    Standing.DISABLED: "已停用",
}

LABELS: dict[type[StrEnum], Mapping[Any, str]] = {
    Role: ROLE_LABELS,
    Standing: STANDING_LABELS,
    WishKind: {WishKind.THING: "物品", WishKind.SERVICE: "服务", WishKind.VISIT: "陪伴"},
    LineKind: {LineKind.BENEFIT: "政府补助", LineKind.CHARITY: "慈善救助", LineKind.WISH: "微心愿"},
    Audience: {
        Audience.CHILD: "孩子",
        Audience.ELDER: "老人",
        Audience.DISABLED: "残疾人",
        Audience.ADULT: "成年人",
        Audience.FAMILY: "一家人",
    },
    WishStatus: {
        WishStatus.DRAFT: "没填完",
        WishStatus.FILED: "待走访",
        WishStatus.VISITED: "待写文字",
        WishStatus.WORDED: "待发布",
        WishStatus.PUBLISHED: "等人认领",
        WishStatus.CLAIMED: "已认领",
        WishStatus.FULFILLED: "已圆梦",
        WishStatus.RETURNED: "已退回",
        WishStatus.WITHDRAWN: "已撤回",
        WishStatus.LAPSED: "已到期",
    },
    Group: {
        Group.MINIMUM_LIVING: "低保",
        Group.EXTREME_HARDSHIP: "特困",
        Group.MARGINAL: "低保边缘",
        Group.EXPENDITURE: "支出型困难",
        Group.AT_RISK: "防返贫监测",
    },
    MembershipEnd: {
        MembershipEnd.MOVED: "迁出",
        MembershipEnd.SPLIT: "分户",
        MembershipEnd.DIED: "去世",
    },
    ConsentPurpose: {
        ConsentPurpose.STORE: "登记家庭信息",
        ConsentPurpose.SHOW_TO_CLAIMER: "公开心愿",
        ConsentPurpose.PUBLISH_PICTURE: "公开照片",
        ConsentPurpose.NOTICE_BOARD: "村务公示",
    },
    ConsentMethod: {
        ConsentMethod.PAPER: "签字",
        ConsentMethod.THUMBPRINT: "按手印",
        ConsentMethod.PROXY: "家人代签",
    },
    SealedField: {
        SealedField.NAME: "姓名",
        SealedField.ID_NUMBER: "身份证号",
        SealedField.PHONE: "电话",
        SealedField.ADDRESS: "住址",
    },
    ImportKind: {ImportKind.REGISTRY: "户籍名册", ImportKind.BENEFITS: "发放记录"},
    ImportStatus: {
        ImportStatus.CHECKING: "正在检查",
        ImportStatus.PREVIEWED: "待导入",
        ImportStatus.APPLYING: "正在导入",
        ImportStatus.APPLIED: "已导入",
        ImportStatus.REFUSED: "有错误，没有导入",
    },
    ClaimWay: {
        ClaimWay.PAY: "付款认领",
        ClaimWay.BRING: "送实物",
        ClaimWay.GIVE_TIME: "出时间",
    },
    ClaimStatus: {
        ClaimStatus.RESERVED: "等待付款",
        ClaimStatus.PROMISED: "已承诺",
        ClaimStatus.PAID: "已付款",
        ClaimStatus.ADVANCED: "待采购",
        ClaimStatus.BOUGHT: "待送达",
        ClaimStatus.DELIVERED: "已送达，待核实",
        ClaimStatus.QUESTIONED: "有疑问，处理中",
        ClaimStatus.CONFIRMED: "已圆梦",
        ClaimStatus.LAPSED: "超时作废",
        ClaimStatus.CANCELLED: "已取消",
        ClaimStatus.HANDED_BACK: "已退回",
        ClaimStatus.ENDED: "已终止",
    },
    DeliveryProof: {DeliveryProof.CODE: "收货码", DeliveryProof.SLIP: "签字单"},
    EndReason: {
        EndReason.REFUSES: "这家人不要了",
        EndReason.MOVED: "这家人搬走了",
        EndReason.DIED: "当事人去世了",
    },
    CheckChannel: {CheckChannel.PHONE: "电话", CheckChannel.VISIT: "上门"},
    CheckAnswer: {CheckAnswer.YES: "收到了", CheckAnswer.NO: "有问题"},
    OrderStatus: {
        OrderStatus.PENDING: "待付款",
        OrderStatus.PAID: "已付款",
        OrderStatus.CLOSED: "已关闭",
    },
    PayChannel: {PayChannel.ALIPAY: "支付宝", PayChannel.BANK: "银行转账"},
    UnassignedReason: {
        UnassignedReason.LATE: "迟到的付款",
        UnassignedReason.DUPLICATE: "重复付款",
        UnassignedReason.SURPLUS: "多付的钱",
        UnassignedReason.SHORT: "少付的钱",
    },
    LateChoice: {
        LateChoice.SIMILAR: "换一件相近的心愿",
        LateChoice.FUND: "转入微心愿项目",
        LateChoice.REFUND: "原路退回",
    },
    RefundStatus: {
        RefundStatus.PROPOSED: "等另一位同意",
        RefundStatus.REQUESTED: "准备退",
        RefundStatus.UNKNOWN: "等支付宝答复",
        RefundStatus.SUCCEEDED: "已退回",
        RefundStatus.REFUSED: "支付宝没有退",
        RefundStatus.CANCELLED: "没有退",
    },
    RefundReason: {
        RefundReason.LATE_MONEY: "付款迟到、重复或多付",
        RefundReason.CHANGED_MIND: "爱心人士改主意",
        RefundReason.MISTAKE: "付错了",
        RefundReason.HOUSEHOLD: "这家人的情况有变",
        RefundReason.OTHER: "其他",
        RefundReason.ELSEWHERE: "在支付宝后台退的",
    },
    NoticeVerdict: {
        NoticeVerdict.SETTLED: "已入账",
        NoticeVerdict.NOTHING_NEW: "没有新情况",
        NoticeVerdict.DENIED: "网关不承认",
        NoticeVerdict.REJECTED: "验签不通过",
        NoticeVerdict.WAITING: "等待核实",
    },
    RequestStatus: {
        RequestStatus.WAITING: "等财务开票",
        RequestStatus.ISSUED: "已开票",
        RequestStatus.REFUSED: "没有开",
        RequestStatus.DROPPED: "已退款，不用开了",
    },
    PayerKind: {PayerKind.PERSON: "个人", PayerKind.ORGANISATION: "单位"},
    BillColour: {BillColour.BLUE: "正票", BillColour.RED: "红票"},
    ReversalReason: {ReversalReason.REFUND: "退款", ReversalReason.MISTAKE: "开错了"},
    ReceiptState: {
        ReceiptState.NOT_ASKED: "没有申请票据",
        ReceiptState.WAITING: "等财务开票",
        ReceiptState.ISSUED: "已开票",
        ReceiptState.REFUSED: "票据没有开",
        ReceiptState.REVERSED: "票据已红冲",
        ReceiptState.NOTHING_LEFT: "没有可开票的金额",
    },
    CertificateStanding: {
        CertificateStanding.VALID: "有效",
        CertificateStanding.REVERSED: "已作废",
    },
    AccountType: {
        AccountType.ALIPAY: "支付宝账户",
        AccountType.TOWN_ADVANCE: "乡镇备用金",
        AccountType.FUND: "专项基金收入",
        AccountType.UNASSIGNED: "待处理款项",
        AccountType.REFUND_DUE: "应退款项",
        AccountType.BANK: "银行存款",
        AccountType.FEES: "手续费",
        AccountType.SPENDING: "专项基金支出",
        AccountType.PAYABLE: "应付救助款",
    },
    EntryKind: {
        EntryKind.GIFT: "收到捐款",
        EntryKind.ADVANCE: "拨付备用金",
        EntryKind.PURCHASE: "采购支出",
        EntryKind.RETURN_OF_ADVANCE: "退回备用金",
        EntryKind.ASSIGNMENT: "转入专项基金",
        EntryKind.REFUND_DUE: "确认退款",
        EntryKind.REFUND: "退款",
        EntryKind.REFUND_KEPT: "退款转入基金",
        EntryKind.WITHDRAWAL: "支付宝提现到银行",
        EntryKind.HOLD: "暂收转账，捐赠人待查",
        EntryKind.HOLD_BACK: "暂收转账退回",
        EntryKind.FEE: "手续费",
        EntryKind.PAYABLE: "批准救助",
        EntryKind.PAYOUT: "付出救助款",
        EntryKind.SURPLUS_OUT: "剩余财产转出",
        EntryKind.SURPLUS_IN: "剩余财产转入",
        EntryKind.ADJUSTMENT: "按支付宝账单调整",
        EntryKind.REVERSAL: "冲正",
    },
    PayoutStatus: {
        PayoutStatus.APPLIED: "待第一次审批",
        PayoutStatus.ENDORSED: "待第二次审批",
        PayoutStatus.AWAITING_THIRD: "待第三次审批",
        PayoutStatus.APPROVED: "待付款",
        PayoutStatus.IN_FILE: "已送去付款",
        PayoutStatus.PAID: "已到账",
        PayoutStatus.RETURNED: "没有付成",
        PayoutStatus.REFUSED: "没有同意",
    },
    PayoutKind: {PayoutKind.HOUSEHOLD: "给家庭", PayoutKind.VILLAGE: "给村里的公共用途", PayoutKind.PURCHASE: "采购"},
    PayoutChannel: {PayoutChannel.BANK: "银行", PayoutChannel.ALIPAY: "支付宝"},
    TransferState: {
        TransferState.REQUESTED: "准备付",
        TransferState.UNKNOWN: "等支付宝答复",
        TransferState.MADE: "已付",
        TransferState.REFUSED: "支付宝没有付",
        TransferState.CAME_BACK: "钱退回来了",
    },
    UrgentCause: {
        UrgentCause.ILLNESS: "突发重病",
        UrgentCause.ACCIDENT: "意外事故",
        UrgentCause.FIRE: "火灾",
        UrgentCause.DISASTER: "自然灾害",
        UrgentCause.BREADWINNER: "主要劳动力去世或失去劳动能力",
        UrgentCause.OTHER: "其他急难",
    },
    CaseStage: {
        CaseStage.DECISION: "等作决定",
        CaseStage.PAYMENT: "等付款",
        CaseStage.FINDING: "要走访补手续",
        CaseStage.SECOND: "等第二位走访人确认",
        CaseStage.COMPLETED: "办完了",
        CaseStage.UNDUE: "不应当救助，要追回",
        CaseStage.REFUSED: "没有同意",
        CaseStage.RETURNED: "钱退回来了",
    },
    PayeeKind: {PayeeKind.BANK: "银行卡", PayeeKind.ALIPAY: "支付宝"},
    Tie: {
        Tie.PHONE: "同一个电话",
        Tie.ID_NUMBER: "申报过的亲属",
        Tie.ADDRESS: "同一个住址",
        Tie.SURNAME_VILLAGE: "同村同姓",
    },
    DayStatus: {
        DayStatus.WAITING: "等账单",
        DayStatus.AGREED: "对上了",
        DayStatus.DIFFERENT: "有差异",
        DayStatus.CLEARED: "差异已处理",
    },
    BillRowKind: {BillRowKind.PAYMENT: "付款", BillRowKind.REFUND: "退款"},
    DifferenceKind: {
        DifferenceKind.MISSING_HERE: "支付宝有，我们没有",
        DifferenceKind.MISSING_THERE: "我们有，支付宝没有",
        DifferenceKind.AMOUNT: "金额不一样",
    },
    DifferenceStatus: {
        DifferenceStatus.OPEN: "待处理",
        DifferenceStatus.PROPOSED: "等另一位同意",
        DifferenceStatus.RESOLVED: "已处理",
    },
    Resolution: {
        Resolution.AGREES_NOW: "后来对上了",
        Resolution.BOOKED: "按账单入账",
        Resolution.EXPLAINED: "说明原因，不入账",
    },
    StatementStatus: {StatementStatus.PREVIEWED: "待导入", StatementStatus.APPLIED: "已导入"},
    BankLineStatus: {
        BankLineStatus.UNRECOGNISED: "没有认定",
        BankLineStatus.GIFT: "捐款",
        BankLineStatus.HELD: "暂收，捐赠人待查",
        BankLineStatus.WITHDRAWAL: "支付宝提现到账",
        BankLineStatus.FEE: "手续费",
        BankLineStatus.REFUND: "退还捐款",
        BankLineStatus.SENT_BACK: "退回暂收的转账",
        BankLineStatus.NOISE: "和这个项目无关",
    },
    Whereabouts: {
        Whereabouts.WAITING: "待处理",
        Whereabouts.RETURN_OWED: "正在退回",
        Whereabouts.RETURNED: "已退回",
        Whereabouts.HELD: "在支付宝，等着采购",
        Whereabouts.IN_TOWN: "在乡镇备用金",
        Whereabouts.SPENT: "已采购",
        Whereabouts.IN_FUND: "在项目里，用于项目的目的",
    },
    FundUse: {
        FundUse.BOUGHT: "采购心愿物品",
        FundUse.PAID_OUT: "付给家庭、村和商家",
        FundUse.OWED: "已批准，等着付",
        FundUse.PASSED_ON: "转到别的项目",
        FundUse.FEES: "手续费",
        FundUse.IN_TOWNS: "在乡镇备用金",
        FundUse.LEFT: "还没有用",
    },
    PlanStatus: {PlanStatus.ACTIVE: "进行中", PlanStatus.PAUSED: "已暂停", PlanStatus.ENDED: "已结束"},
    GiftSource: {
        GiftSource.INCOME: "工资、劳务收入",
        GiftSource.SAVINGS: "积蓄、家庭财产",
        GiftSource.BUSINESS: "经营所得",
        GiftSource.COMPANY: "单位自有资金",
        GiftSource.RAISED: "会员、职工一起凑的",
    },
    CaseOutcome: {CaseOutcome.CLEARED: "没有问题，照常使用", CaseOutcome.REPORTED: "已报告主管部门"},
    DonationStatus: {
        DonationStatus.PLEDGED: "等付款",
        DonationStatus.RECEIVED: "已收到",
        DonationStatus.RETURNED: "已退回",
        DonationStatus.LAPSED: "没有付款",
    },
    ProjectStatus: {
        ProjectStatus.DRAFT: "拟定中",
        ProjectStatus.DECIDED: "已决定，待备案",
        ProjectStatus.FILED: "已备案，待开始",
        ProjectStatus.OPEN: "募捐中",
        ProjectStatus.PAUSED: "暂停募捐",
        ProjectStatus.CLOSED: "募捐结束",
        ProjectStatus.SETTLED: "已结项",
        ProjectStatus.WITHDRAWN: "已撤回",
    },
    ProjectKind: {ProjectKind.ORDINARY: "日常项目", ProjectKind.EMERGENCY: "应急项目"},
    DutyKind: {
        DutyKind.CAMPAIGN_PROGRESS: "募捐情况（三个月一次）",
        DutyKind.CAMPAIGN_FINAL: "募捐全部情况",
        DutyKind.USE_PROGRESS: "项目进展（三个月一次）",
        DutyKind.USE_FINAL: "项目情况和钱款使用",
        DutyKind.EMERGENCY: "应急募捐收入（五天一次）",
        DutyKind.PARTNER: "对合作方的评估和监督",
        DutyKind.SURPLUS: "剩余财产处理情况",
        DutyKind.ANNUAL: "年度报告",
    },
    Urgency: {
        Urgency.DONE: "已公开",
        Urgency.LATER: "还早",
        Urgency.SOON: "快到期",
        Urgency.LATE: "已超期",
    },
    SurplusRule: {
        SurplusRule.SAME_PURPOSE: "继续用于这个项目的目的",
        SurplusRule.NEAR_PURPOSE: "用于目的相同或相近的项目",
    },
    ListedKind: {
        ListedKind.PERSON: "个人",
        ListedKind.ORGANISATION: "单位",
    },
    KeySide: {
        KeySide.OURS: "应用私钥",
        KeySide.ALIPAY: "支付宝公钥",
    },
    Reach: {
        Reach.PUBLIC: "向社会公开募捐",
        Reach.MEMBERS: "只向本会会员募捐",
        Reach.COMMUNITY: "社区、单位内部互助",
    },
    GivingWay: {
        GivingWay.ONLINE: "网上支付（支付宝）",
        GivingWay.BANK: "银行转账",
        GivingWay.CASH: "现场捐现金",
        GivingWay.GOODS: "捐物资",
    },
    AmendmentStatus: {
        AmendmentStatus.PROPOSED: "等负责人决定",
        AmendmentStatus.DECIDED: "已决定，待备案",
        AmendmentStatus.FILED: "已备案，已生效",
        AmendmentStatus.DROPPED: "没有变更",
    },
    AtTarget: {AtTarget.GO_ON: "筹够以后继续接受捐款", AtTarget.STOP: "筹够就不再收款"},
}
"""Every enum that a page shows, with a label for each of its values; rooms add theirs."""


def label(value: StrEnum) -> str:
    """The Chinese word for a value; raises KeyError for a value nobody has named, which a test finds first."""
    return LABELS[type(value)][value]
