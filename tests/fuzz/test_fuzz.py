"""A short run of each fuzzer; `make fuzz` makes a million inputs."""

from collections import Counter
from itertools import islice
from random import Random

import pytest
from fuzzers import FUZZERS


@pytest.mark.parametrize("name", FUZZERS)
def test_every_input_gets_a_clear_answer(name: str) -> None:
    fuzzer, share = FUZZERS[name]
    outcomes = Counter(islice(fuzzer(Random(name)), 20 + 10 * share))
    assert len(outcomes) >= 2, "only one way to answer was seen"
