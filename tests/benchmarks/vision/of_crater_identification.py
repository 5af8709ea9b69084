"""Craters of a global catalogue, attitude known to 5 degrees. No peer runs here: PECAN takes two to
twenty minutes for an image. Time for one view at three noises, then rates over views.
"""

from crater_campaign import fly, report
from crater_views import CATALOGUE, head_povilaitis, scene
from vision.turns import by_turns

from onboard.core.vision.crater_index import build_index
from onboard.core.vision.craters import CraterIdentifier, CraterIndex

VIEWS = 300


def main() -> None:
    if not CATALOGUE.exists():
        print(f"crater identification: needs {CATALOGUE}")
        return
    craters = head_povilaitis()
    index = build_index(craters.longitude_deg, craters.latitude_deg, craters.radius_m)
    identifier = CraterIdentifier(CraterIndex(index))
    for noise in (1.0, 3.0, 6.0):
        shown = scene(craters, 7, noise_px=noise, missing=0.5, spurious=0.5, visible_min=60)
        by_turns(
            f"Craters, {len(shown.ellipses)} detections, {noise:.0f} px",
            {"onboard": lambda s=shown: identifier.identify(s.view, s.ellipses)},
        )
    report(fly(craters, identifier, range(5_000_000, 5_000_000 + VIEWS)))
