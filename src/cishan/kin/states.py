"""What ties people to a family. Pure."""

from enum import StrEnum


class Tie(StrEnum):
    """What an account and a family have in common (R-11)."""

    PHONE = "phone"
    ID_NUMBER = "id_number"
    ADDRESS = "address"
    SURNAME_VILLAGE = "surname_village"
