"""What somebody does who reached an exporter with two boards: run it in `jmp shell`.

Prints, a JSON object a line, what each flight told.
"""

from __future__ import annotations

import json
import sys

from jumpstarter.utils.env import env
from two_boards import PLACES

with env() as client:
    try:
        getattr(client, PLACES[0]).on()
        sys.exit("a board that nobody reserved was switched")
    except Exception as error:
        print(json.dumps({"refused": str(error)}))
    boards = [getattr(client, name) for name in PLACES]
    for board in boards:
        board.reserve()
    for board in boards:
        board.on()
        print(json.dumps(board.fly(sys.argv[1])), flush=True)
        board.cycle(wait=0)
        board.off()
    for board in boards:
        board.release()
