"""`cishan charity`: where companies transfer their gifts to, said by whoever keeps the server."""

import json

from cishan.clock import SteppedClock
from command_line import environment_of, run_cishan
from conftest import Committed
from payments.order_makers import make_site


async def test_the_command_says_where_transfers_go(committed_database: Committed, clock: SteppedClock) -> None:
    await make_site(clock.now())
    environment = environment_of(committed_database.settings)
    assert "不收对公转账" in run_cishan("charity", "show", environment=environment).stdout
    for wrong in (("示例银行", "370500"), ("示例银行", ""), ("", "37050000000000000001")):
        refused = run_cishan("charity", "bank", *wrong, environment=environment)
        assert (refused.returncode, "账号" in refused.stderr) == (1, True)
    assert run_cishan("charity", "bank", "示例银行", "37050000000000000001", environment=environment).returncode == 0
    shown = json.loads(run_cishan("charity", "show", "--json", environment=environment).stdout)
    assert (shown["bank_name"], shown["bank_number"]) == ("示例银行", "37050000000000000001")
    assert run_cishan("charity", "bank", "", "", environment=environment).returncode == 0
    assert "不收对公转账" in run_cishan("charity", "show", environment=environment).stdout
