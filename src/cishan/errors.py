"""Errors that a person may meet, each with a sentence in their language.

CishanError
├── NotFound        404  what is asked for is not there, or not theirs to see
├── Forbidden       403  they may not do this
├── InvalidInput    400  what was entered can't be taken; `fields` says where
├── Conflict        409  it was possible a moment ago: taken, closed, already done
│   └── IllegalMove      a status does not allow this step
└── TooMany         429  slow down; says when to come back
"""

from collections.abc import Mapping


class CishanError(Exception):
    """Base of all errors whose message may be shown. `sentence` is Chinese and says what to do next."""

    status_code = 500

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(CishanError):
    status_code = 404

    def __init__(self, sentence: str = "没有找到这个页面，或者您没有权限查看。请从首页重新进入。") -> None:
        super().__init__(sentence)


class Forbidden(CishanError):
    status_code = 403

    def __init__(self, sentence: str = "您的账号不能做这一步。请联系管理员开通。") -> None:
        super().__init__(sentence)


class InvalidInput(CishanError):
    """`fields` maps a form field's name to what is wrong with it; an empty key speaks of the whole form."""

    status_code = 400

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("；".join(fields.values()))
        self.fields = dict(fields)


class Conflict(CishanError):
    status_code = 409


class IllegalMove(Conflict):
    """Names the thing, its status, the step and where it would have led, for the log as well as the person."""

    def __init__(self, thing: str, status: str, verb: str) -> None:
        super().__init__(f"{thing}现在是“{status}”，不能{verb}。页面可能已经变化，请刷新后再看。")
        self.thing, self.status, self.verb = thing, status, verb


class TooMany(CishanError):
    status_code = 429

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds
