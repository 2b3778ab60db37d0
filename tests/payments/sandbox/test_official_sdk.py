"""The official SDK, unmodified and by its own `execute()`, verifies what the sandbox answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import official_sdk_on_port_80

NO_NAMESPACE = (
    "This machine does not let us make a network namespace with `unshare`, so the official SDK, which can only "
    "use port 80, could not be tried against the sandbox. Allow user namespaces or run the tests as root."
)


def test_the_official_sdk_pays_queries_closes_refunds_and_transfers_against_the_sandbox() -> None:
    namespace = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        pytest.fail(NO_NAMESPACE)
    script = Path(official_sdk_on_port_80.__file__)
    command = f'ip link set lo up && exec "{sys.executable}" "{script}"'
    ran = subprocess.run([*namespace, "sh", "-c", command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "before": "ACQ.TRADE_NOT_EXIST",
        "after": ["10000", "TRADE_SUCCESS", "88.80", "W20260302001"],
        "close": "ACQ.TRADE_STATUS_ERROR",
        "refunds": [["Y", "10.00"], ["N", "10.00"]],
        "refund": ["REFUND_SUCCESS", "10.00"],
        "code": True,
        "transfers": [["10000", "SUCCESS", "P1"], ["10000", "SUCCESS", "P1"]],
        "transferred": ["SUCCESS", "10.00"],
        "spoilt": "sign verify failed",
    }
