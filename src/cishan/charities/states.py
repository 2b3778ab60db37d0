"""How a deployment may raise money, and what a fund is for."""

from enum import StrEnum


class LegalMode(StrEnum):
    """慈善法 arts 22-30, 122: decides who may see the wall at all."""

    OWN_SITE = "own_site"
    """(a) the own-name site of a charity qualified for public fundraising."""
    PRIVATE = "private"
    """(b) 定向募捐: founders, council and members only; every page needs sign-in, donors come by invitation."""
    COMMUNITY = "community"
    """(c) mutual help inside a community or unit."""


class CertificateKind(StrEnum):
    REGISTRATION = "registration"
    PUBLIC_FUNDRAISING = "public_fundraising"


class FundKind(StrEnum):
    WISH = "wish"
    PROJECT = "project"


class KeySide(StrEnum):
    """Whose key pair it is: ours signs what we ask, Alipay's signs what it says."""

    OURS = "ours"
    ALIPAY = "alipay"
