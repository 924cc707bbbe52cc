"""The Python blocks of docs/tasks.md, run one after another as they stand."""

import re

from places import ROOT


def test_the_blocks_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WANN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "tasks.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "docs/tasks.md", "exec"), {})
    assert capsys.readouterr().out == "54 3 (6, 9, 1)\n"
