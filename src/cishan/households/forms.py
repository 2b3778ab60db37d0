"""The registry's forms. Names, numbers and contacts are read by the actions, which name every wrong field at once."""

from datetime import date

from pydantic import Field

from cishan.forms.reading import FormModel
from cishan.households.rules import ADDRESS_LONGEST, NAME_LONGEST, REASON_LONGEST
from cishan.households.states import ConsentMethod, ConsentPurpose, Group, MembershipEnd, SealedField

TEXT_LONGEST = 80


class PersonForm(FormModel):
    name: str = Field("", max_length=NAME_LONGEST)
    id_number: str = Field("", max_length=TEXT_LONGEST)
    phone: str = Field("", max_length=TEXT_LONGEST)
    groups: tuple[Group, ...] = ()


class OpenForm(PersonForm):
    """The head of the household, the address and the consents; other members follow one by one."""

    address: str = Field("", max_length=ADDRESS_LONGEST)
    purposes: tuple[ConsentPurpose, ...] = ()
    method: ConsentMethod = ConsentMethod.PAPER
    signed_by: str = Field("", max_length=NAME_LONGEST)


class MemberForm(PersonForm):
    relation: str = Field("", max_length=TEXT_LONGEST)
    from_on: date | None = None


class EndForm(FormModel):
    reason: MembershipEnd
    on: date


class ConsentForm(FormModel):
    purposes: tuple[ConsentPurpose, ...] = ()
    method: ConsentMethod
    signed_by: str = Field("", max_length=NAME_LONGEST)


class MoveForm(FormModel):
    address: str = Field("", max_length=ADDRESS_LONGEST)
    division_code: str = Field("", max_length=12)


class JoinForm(FormModel):
    group: Group
    from_on: date


class LeaveForm(FormModel):
    group: Group
    to_on: date


class UnmaskForm(FormModel):
    person: int | None = None
    field: SealedField
    reason: str = Field("", max_length=REASON_LONGEST)


class GrantForm(FormModel):
    case_number: str = Field("", max_length=TEXT_LONGEST)
    number: int = Field(0, ge=0, le=1000)
    grantee: int = 0
    reason: str = Field("", max_length=REASON_LONGEST)
