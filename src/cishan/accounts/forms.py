"""The forms of this room, with a Chinese sentence for what can't be taken."""

from typing import Annotated

from pydantic import AfterValidator, Field
from stdnum.cn import uscc as uscc_number

from cishan.accounts.rules import NAME_LONGEST, check_password, read_phone
from cishan.accounts.states import STAFF_ROLES, Role
from cishan.forms.reading import FormModel


def _code(text: str) -> str:
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        raise ValueError("验证码是短信里的 6 位数字。")
    return digits


def _name(text: str) -> str:
    if not text.isprintable() or any(sign in text for sign in "<>&"):
        raise ValueError("姓名里有不能用的符号，请改一下。")
    return text


def _uscc(text: str) -> str:
    compact = text.replace(" ", "").upper()
    if not uscc_number.is_valid(compact):
        raise ValueError("统一社会信用代码不对，请对照营业执照或登记证书，一共 18 位。")
    return compact


def _password(text: str) -> str:
    check_password(text)
    return text


def _staff_role(role: Role) -> Role:
    if role not in STAFF_ROLES:
        raise ValueError("请选择一个工作岗位。")
    return role


Phone = Annotated[str, AfterValidator(read_phone)]
Name = Annotated[str, Field(max_length=NAME_LONGEST), AfterValidator(_name)]
NewPassword = Annotated[str, AfterValidator(_password)]
StaffRole = Annotated[Role, AfterValidator(_staff_role)]


class PhoneForm(FormModel):
    phone: Phone
    next: str = "/"


class PasswordSignInForm(PhoneForm):
    password: Annotated[str, Field(max_length=200)]


class CodeForm(FormModel):
    code: Annotated[str, AfterValidator(_code)]


class PersonForm(FormModel):
    name: Name
    password: NewPassword | None = None


class OrganisationForm(PersonForm):
    organisation: Annotated[str, Field(max_length=120), AfterValidator(_name)]
    uscc: Annotated[str, AfterValidator(_uscc)]


class NewPasswordForm(FormModel):
    password: NewPassword


class ChangePasswordForm(FormModel):
    current: Annotated[str, Field(max_length=200)] = ""
    new: NewPassword


class PersonInvitedForm(FormModel):
    phone: Phone
    name: Name


class InviteForm(PersonInvitedForm):
    role: StaffRole
    division_code: str


class RoleForm(FormModel):
    role: StaffRole
    division_code: str
