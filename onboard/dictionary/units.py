"""Units that a dictionary may name, and what the ending of a name says about its unit."""

from __future__ import annotations

UNITS = frozenset(
    {
        "1",
        "1/s",
        "m",
        "m2",
        "m/s",
        "m2/s2",
        "m/s2",
        "m/s3",
        "m2/s3",
        "m/s/sqrt_s",
        "rad",
        "rad2",
        "rad/s",
        "rad2/s",
        "rad2/s2",
        "rad/s2",
        "rad2/s3",
        "rad/sqrt_s",
        "deg",
        "deg/s",
        "s",
        "ms",
        "us",
        "ns",
        "Hz",
        "kg",
        "kg/m3",
        "kg/s",
        "kg*m2",
        "N",
        "N*m",
        "N*s",
        "N/m",
        "N*s/m",
        "Pa",
        "K",
        "V",
        "A",
        "W",
        "J",
        "px",
        "px2",
        "%",
        "count",
        "index",
        "flag",
        "bits",
        "text",
        "id",
    }
)
"""SI, with the customary exceptions; `1` is dimensionless, `bits` a mask, `flag` 0 or 1."""

_ENDINGS = {
    "_m": "m",
    "_m2": "m2",
    "_m_s": "m/s",
    "_m2_s2": "m2/s2",
    "_m_s2": "m/s2",
    "_m_s3": "m/s3",
    "_m2_s3": "m2/s3",
    "_m_s_sqrt_s": "m/s/sqrt_s",
    "_rad": "rad",
    "_rad2": "rad2",
    "_rad_s": "rad/s",
    "_rad2_s": "rad2/s",
    "_rad2_s2": "rad2/s2",
    "_rad_s2": "rad/s2",
    "_rad2_s3": "rad2/s3",
    "_rad_sqrt_s": "rad/sqrt_s",
    "_deg": "deg",
    "_deg_s": "deg/s",
    "_s": "s",
    "_ms": "ms",
    "_us": "us",
    "_ns": "ns",
    "_hz": "Hz",
    "_kg": "kg",
    "_kg_m3": "kg/m3",
    "_kg_s": "kg/s",
    "_kg_m2": "kg*m2",
    "_n": "N",
    "_n_m": "N*m",
    "_n_s": "N*s",
    "_pa": "Pa",
    "_k": "K",
    "_px": "px",
    "_px2": "px2",
    "_percent": "%",
}


def unit_of_name(name: str) -> str | None:
    """The unit that a name's ending promises (`altitude_m` promises m); None if it says nothing."""
    stem = name.split("[")[0].lower()
    endings = (e for e in _ENDINGS if stem.endswith(e))
    longest = max(endings, key=len, default=None)
    return _ENDINGS[longest] if longest else None
