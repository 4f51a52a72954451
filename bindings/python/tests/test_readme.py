"""The first program of README.md; that with Redis is tested with Redis."""

import re

from support import README, python


def test_the_program_prints_what_it_says():
    text = README.read_text(encoding="utf-8")
    program, _ = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    assert python(program) == printed
