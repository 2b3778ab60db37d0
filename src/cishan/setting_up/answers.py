"""The questions of `cishan setup`, and reading the answers: everything that is wrong is said at once. Touches nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from stdnum.cn import uscc as uscc_number

from cishan.accounts.rules import read_phone
from cishan.charities.actions import BANK_NUMBER, CharityFacts
from cishan.charities.states import LegalMode
from cishan.database import credentials
from cishan.messages.transports import transport_of
from cishan.payments.alipay.signing import load_private_key, load_public_keys, public_key_pem, public_pem
from cishan.payments.alipay.terms import Merchant
from cishan.production import private_keys_in, wrong_gateway, wrong_settings
from cishan.settings import Environment, Settings

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

LONGEST_SAID = 200
"""How much of an adapter's own words a sentence quotes."""
ALIPAY_GATEWAY = "https://openapi.alipay.com/gateway.do"


class WrongAnswers(ValueError):
    """`sentences` says what is wrong with each answer."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__("；".join(sentences.values()))
        self.sentences = dict(sentences)


def _ask(question: str, default: str | None = None) -> str:
    # A default of "" may be left empty; None must be answered.
    return field(metadata={"ask": question, "default": default})  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Answers:
    """Every question, as text, in the order they are asked."""

    environment: str = _ask("环境：production 正式，demo 演示，test 测试", "production")
    directory: str = _ask("设置文件放在哪个目录", "/etc/cishan")
    data_directory: str = _ask("照片和文件放在哪个目录", "/var/lib/cishan/data")
    keys_directory: str = _ask("密钥放在哪个目录（要和数据库分开备份）", "/etc/cishan/keys")
    site_url: str = _ask("网站地址，例如 https://wish.example.org.cn")
    database_url: str = _ask("网站用的数据库登录，例如 postgresql://cishan_web:密码@127.0.0.1/cishan")
    owner_url: str = _ask("拥有表结构的数据库登录（只在升级时用）")
    sms_transport: str = _ask("短信通道，写成“包.模块:类”；演示和测试可以写 file")
    name: str = _ask("慈善组织全称")
    uscc: str = _ask("统一社会信用代码")
    division_code: str = _ask("所在市的行政区划代码（12 位）")
    legal_mode: str = _ask("募捐方式：own_site 本会网站公开募捐，private 定向募捐，community 社区互助", "own_site")
    registration_number: str = _ask("登记证书编号")
    certificate_number: str = _ask("公开募捐资格证书编号（定向募捐、社区互助可以不填）", "")
    certificate_from: str = _ask("证书生效日期，例如 2020-01-01")
    designation_number: str = _ask("互联网募捐信息平台指定文号（没有就不填）", "")
    platform_url: str = _ask("在指定平台上的募捐页面（没有就不填）", "")
    contact_phone: str = _ask("对外联系电话")
    report_phone: str = _ask("举报电话")
    address: str = _ask("地址")
    filing_number: str = _ask("微心愿项目的备案编号")
    fund_name: str = _ask("微心愿项目的名称", "微心愿")
    fund_purpose: str = _ask("微心愿项目的用途（按备案写）")
    bank_name: str = _ask("收对公转账的开户行（不收就不填）", "")
    bank_number: str = _ask("收对公转账的银行账号（户名要是本会）", "")
    app_id: str = _ask("支付宝应用编号（APPID）")
    seller_id: str = _ask("支付宝商户编号（2088 开头 16 位）")
    gateway_url: str = _ask("支付宝网关地址", ALIPAY_GATEWAY)
    app_private_key: str = _ask("应用私钥文件")
    alipay_public_key: str = _ask("支付宝公钥文件")
    admin_name: str = _ask("第一位管理员的姓名")
    admin_phone: str = _ask("第一位管理员的手机号")


@dataclass(frozen=True)
class Plan:
    """Answers that have been read and found in order."""

    settings: Settings
    directory: Path
    facts: CharityFacts
    merchant: Merchant
    admin_name: str
    admin_phone: str


def read_answers(texts: Mapping[str, str]) -> Plan:
    """Reads all answers; raises WrongAnswers with a sentence for each that can't be taken."""
    wrong: dict[str, str] = {}
    given = _with_defaults(texts, wrong)
    settings = _read_settings(given, wrong)
    facts = _read_facts(given, wrong)
    merchant = _read_merchant(given, settings, wrong)
    phone = _read(given, "admin_phone", read_phone, wrong)
    if settings is None or facts is None or merchant is None or phone is None or wrong:
        raise WrongAnswers(wrong)
    return Plan(settings, Path(given.directory).absolute(), facts, merchant, given.admin_name, phone)


def _with_defaults(texts: Mapping[str, str], wrong: dict[str, str]) -> Answers:
    found: dict[str, str] = {}
    for item in fields(Answers):
        text = texts.get(item.name, "").strip() or item.metadata["default"]
        if text is None:
            wrong[item.name] = f"没有填写：{item.metadata['ask']}。"
        found[item.name] = text or ""
    return Answers(**found)


def _read_settings(given: Answers, wrong: dict[str, str]) -> Settings | None:
    environment = _read(given, "environment", _one_of(Environment, "环境只有 production、demo、test 三种。"), wrong)
    for name in ("database_url", "owner_url"):
        _read(given, name, _database_url, wrong)
    site = _read(given, "site_url", _site_url, wrong)
    if environment is None or site is None:
        return None
    settings = Settings(
        environment=environment,
        database_url=given.database_url,
        owner_url=given.owner_url,
        data_directory=Path(given.data_directory).absolute(),
        keys_directory=Path(given.keys_directory).absolute(),
        fonts_directory=Path(given.data_directory).absolute() / "fonts",
        site_url=site,
        trusted_hosts=(urlsplit(site).hostname or "",),
        sms_transport=given.sms_transport,
    )
    if environment is Environment.PRODUCTION:
        for sentence in wrong_settings(settings):
            wrong.setdefault("site_url", sentence)
        if not _two_logins(given):
            wrong.setdefault("owner_url", "网站和表结构要用两个不同的数据库登录，网站才改不了只能追加的账。")
    if given.sms_transport:
        refusal = _refusal_of_transport(settings)
        if refusal:
            wrong["sms_transport"] = refusal
    return settings


def _refusal_of_transport(settings: Settings) -> str:
    """Why the SMS adapter can't be made, or empty. It is somebody else's code, and may raise whatever it likes."""
    try:
        transport = transport_of(settings)
    except (ValueError, TypeError, ImportError, AttributeError):
        return "短信通道用不了：正式环境要写“包.模块:类”，要装好那个包，类收一个参数（设置）。"
    except Exception as error:
        said = f"{type(error).__name__} {error}".strip()[:LONGEST_SAID]
        return f"短信通道用不了：{settings.sms_transport} 启动时出错（{said}）。请先按它的说明配好，再运行一次。"
    if not callable(getattr(transport, "send", None)):
        return f"短信通道用不了：{settings.sms_transport} 没有 send 方法，不是短信通道。"
    return ""


def _read_facts(given: Answers, wrong: dict[str, str]) -> CharityFacts | None:
    mode = _read(given, "legal_mode", _one_of(LegalMode, "募捐方式只有 own_site、private、community 三种。"), wrong)
    since = _read(given, "certificate_from", _day, wrong)
    if given.uscc and not uscc_number.is_valid(given.uscc):
        wrong["uscc"] = "统一社会信用代码不对，请对照证书再输一次。"
    if mode is LegalMode.OWN_SITE and not given.certificate_number:
        wrong["certificate_number"] = "公开募捐必须有公开募捐资格证书。没有证书的，请选 private 或 community。"
    if given.division_code and not re.fullmatch(r"\d{4}0{8}", given.division_code):
        wrong["division_code"] = "请填市的 12 位代码，后 8 位是 0，例如 371400000000。"
    if bool(given.bank_name) != bool(given.bank_number):
        wrong["bank_name"] = "开户行和银行账号要一起填，或者都不填。"
    if given.bank_number and not BANK_NUMBER.fullmatch(given.bank_number):
        wrong["bank_number"] = "银行账号是 8 到 32 位数字。"
    if mode is None or since is None:
        return None
    return CharityFacts(
        name=given.name,
        uscc=given.uscc,
        division_code=given.division_code,
        legal_mode=mode,
        contact_phone=given.contact_phone,
        report_phone=given.report_phone,
        address=given.address,
        registration_number=given.registration_number,
        certificate_number=given.certificate_number,
        certificate_from=since,
        fund_name=given.fund_name,
        filing_number=given.filing_number,
        fund_purpose=given.fund_purpose,
        designation_number=given.designation_number,
        platform_url=given.platform_url,
        bank_name=given.bank_name,
        bank_number=given.bank_number,
    )


def _read_merchant(given: Answers, settings: Settings | None, wrong: dict[str, str]) -> Merchant | None:
    private = _read(given, "app_private_key", _private_key, wrong)
    public = _read(given, "alipay_public_key", _public_key, wrong)
    if given.app_id and not re.fullmatch(r"\d{16}", given.app_id):
        wrong["app_id"] = "应用编号是 16 位数字。"
    if given.seller_id and not re.fullmatch(r"2088\d{12}", given.seller_id):
        wrong["seller_id"] = "商户编号是 2088 开头的 16 位数字。"
    if settings is not None and settings.is_production:
        for sentence in wrong_gateway(given.gateway_url):
            wrong.setdefault("gateway_url", sentence)
    if private is None or public is None:
        return None
    if public_key_pem(private) == public:
        wrong["alipay_public_key"] = "这是应用自己的公钥。请到支付宝开放平台复制“支付宝公钥”。"
    if settings is not None and settings.is_production:
        for sentence in _signing_keys_beside(Path(given.alipay_public_key), public):
            wrong.setdefault("alipay_public_key", sentence)
    return Merchant(given.app_id, given.seller_id, private, (public,), given.gateway_url)


def _signing_keys_beside(path: Path, public: str) -> list[str]:
    """The sandbox keeps its private key beside its public one; Alipay keeps its own to itself."""
    return [
        f"同一个目录里的 {name} 就是它的私钥，所以这是模拟网关的密钥，正式环境不能使用。"
        for name, key in private_keys_in(path.absolute().parent)
        if public_pem(key.public_key()) == public
    ]


def _read(given: Answers, name: str, read: Callable[[str], T], wrong: dict[str, str]) -> T | None:
    """An answer read; None when it is missing or wrong, which has then been said."""
    if name in wrong:
        return None
    try:
        return read(getattr(given, name))
    except ValueError as error:
        wrong[name] = str(error)
    except OSError as error:
        wrong[name] = f"文件读不了：{error.strerror}。"
    return None


def _one_of(kind: type[E], sentence: str) -> Callable[[str], E]:
    def read(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            raise ValueError(sentence) from None

    return read


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("日期写成 2020-01-01 这样。") from None


def _database_url(text: str) -> str:
    try:
        credentials(text)
    except ValueError:
        raise ValueError("数据库登录写成 postgresql://用户:密码@主机/数据库。") from None
    return text


def _two_logins(given: Answers) -> bool:
    try:
        return bool(credentials(given.database_url)["user"] != credentials(given.owner_url)["user"])
    except ValueError:
        return True


def _site_url(text: str) -> str:
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ValueError("网站地址写成 https://域名，后面不带路径。")
    return text.rstrip("/")


def _private_key(path: str) -> str:
    """The app's private key, PKCS#1 or PKCS#8, as the PKCS#1 that the official SDK reads too."""
    text = Path(path).read_text(encoding="ascii", errors="replace")
    try:
        key = load_private_key(text)
    except ValueError:
        raise ValueError("这个文件不是 2048 位以上的 RSA 私钥（PKCS#1 或 PKCS#8）。") from None
    return _pkcs1(key)


def _pkcs1(key: RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def _public_key(path: str) -> str:
    text = Path(path).read_text(encoding="ascii", errors="replace")
    try:
        (key,) = load_public_keys([text])
    except ValueError:
        raise ValueError("这个文件不是支付宝公钥（2048 位 RSA）。") from None
    return public_pem(key)
