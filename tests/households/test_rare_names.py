"""Names as they stand on ID cards, down to the rarest characters of GB 18030-2022 and its amendment."""

import pytest

from cishan.households.rules import read_name


@pytest.mark.parametrize(
    "name",
    ["张𠅤𬭁", "李𪚥芳", "王\U0002ebf0", "\U00031350", "阿不都热依木·买买提江", "㐂䶮"],
)
def test_a_rare_name_is_taken_as_it_is(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize("name", ["张\u200b三", "张\ue000", "张\U000e0001", "张3"])
def test_what_nobody_can_see_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="姓名"):
        read_name(name)
