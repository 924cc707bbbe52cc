"""A run recorded with its config: results do not change unnoticed."""

import json

from golden.remake import GOLDEN, run


def test_the_golden_run_comes_out_the_same(tmp_path):
    golden = json.loads(GOLDEN.read_text())
    found = run(golden["config"], tmp_path)
    assert found["metrics"] == golden["metrics"]
    assert found["champion"] == golden["champion"]
