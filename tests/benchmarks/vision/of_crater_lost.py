"""Craters of a global catalogue with neither attitude nor position. No peer runs here:
wdoppenberg/crater-detection needs PyTorch and the attitude. Time for one view, then rates over
views.
"""

from crater_views import CATALOGUE, head_povilaitis
from lost_campaign import report_lost, search
from lost_views import CAMERA, lost_identifier, lost_scene
from vision.turns import by_turns

VIEWS = 300


def main() -> None:
    if not CATALOGUE.exists():
        print(f"lost in space: needs {CATALOGUE}")
        return
    craters = head_povilaitis()
    identifier = lost_identifier(craters)
    for seed in (3, 1, 0):
        shown = lost_scene(craters, seed)
        by_turns(
            f"Lost in space, {len(shown.ellipses)} detections",
            {"onboard": lambda s=shown: identifier.identify(CAMERA, s.ellipses)},
        )
    report_lost(search(craters, identifier, range(5_000_000, 5_000_000 + VIEWS)))
