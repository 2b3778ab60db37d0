"""What the pages of one's own data show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cishan.accounts.rules import masked_phone
from cishan.own_data.queries import Held, UnderWay

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """One kind of data: what there is of it, what it is for, how long it is kept (R-20)."""

    what: str
    how_much: str
    why: str
    kept: str


@dataclass(frozen=True)
class OwnDataPage:
    name: str
    phone: str
    organisation: str
    uscc: str
    kinds: tuple[Kind, ...]
    charity_name: str
    charity_phone: str


@dataclass(frozen=True)
class NamePage:
    errors: Fields = field(default_factory=dict)
    values: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class ClosePage:
    """What closing means; `blockers` are what has to end first."""

    blockers: tuple[str, ...]
    charity_phone: str
    errors: Fields = field(default_factory=dict)


BOOKS = "30 年，会计档案规定要留，注销以后也留，只用于查账"


def own_data_page(held: Held, *, charity_name: str, charity_phone: str) -> OwnDataPage:
    return OwnDataPage(
        name=held.name,
        phone=masked_phone(held.phone),
        organisation=held.organisation,
        uscc=held.uscc,
        kinds=kinds_of(held),
        charity_name=charity_name,
        charity_phone=charity_phone,
    )


def kinds_of(held: Held) -> tuple[Kind, ...]:
    """Every kind of data on a donor, in the order in which it came to be."""
    return (
        Kind("姓名", "1 个", "开票据、做证书、对账；网页上不公开", "到注销；票据和账上的按会计规定留"),
        Kind("手机号码", "1 个", "登录、发验证码", "到注销，注销时删掉"),
        Kind("密码", "设了，只存算过的指纹" if held.has_password else "没有设", "登录", "到注销，注销时删掉"),
        Kind("登录过的设备", f"{len(held.devices)} 次", "让您看到谁用过账号", "失效以后清理"),
        Kind("认领", f"{len(held.claims)} 次", "办成心愿，告诉您结果", "和捐款记录一起留"),
        Kind("订单和捐款", f"{len(held.orders)} 笔", "收款、对账、退款", BOOKS),
        Kind("退款", f"{len(held.refunds)} 笔", "把钱原路退回，对账", BOOKS),
        Kind("票据申请", f"{len(held.requests)} 次", "开捐赠票据；身份证号码填了才有", BOOKS),
        Kind("捐赠证书", f"{len(held.certificates)} 张", "让人能查真假", "注销时去掉您的名字"),
        Kind("发给您的消息", f"{len(held.messages)} 条", "告诉您进展", "到注销，注销时删掉"),
    )


def blockers_of(found: UnderWay) -> tuple[str, ...]:
    """Why the account can't be closed yet, each with what to do."""
    sentences = (
        (found.claims, f"有 {found.claims} 件心愿还在路上。等圆了梦，或者先取消、退回。"),
        (found.orders, f"有 {found.orders} 笔付款还没有结果。过半小时再看。"),
        (found.unassigned, f"有 {found.unassigned} 笔钱记在您名下，还没有处理完。"),
        (found.refunds, f"有 {found.refunds} 笔退款还没有办完。"),
        (found.requests, f"有 {found.requests} 张票据财务还没有开好。"),
    )
    return tuple(sentence for count, sentence in sentences if count)
