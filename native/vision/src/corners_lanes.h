/* The paths of corners.c, one text for all. Whoever includes it has defined PATH (how a function is
 * declared), RATE and PICK (how the two begin that do a row), LANES (pixels in a `lanes`), and on
 * lanes `load`, `store`, `every` (the same in each), `least`, `most`, `less` and `more` (between 0 and
 * 255), `unless` (0 where the first is 0, else the second), `any` and `set` (bit i: lane i is not 0). */

typedef struct {
  lanes pixel[16];
} circle;

PATH circle circle_around(const uint8_t *const rows[OB_CORNERS_ROWS], int64_t x) {
  return (circle){{
      load(rows[6] + x), load(rows[6] + x + 1), load(rows[5] + x + 2), load(rows[4] + x + 3),
      load(rows[3] + x + 3), load(rows[2] + x + 3), load(rows[1] + x + 2), load(rows[0] + x + 1),
      load(rows[0] + x), load(rows[0] + x - 1), load(rows[1] + x - 2), load(rows[2] + x - 3),
      load(rows[3] + x - 3), load(rows[4] + x - 3), load(rows[5] + x - 2), load(rows[6] + x - 1),
  }};
}

/* Whether any lane has two compass points side by side above `high`, or below `low`. */
PATH int64_t may_be(const uint8_t *const rows[OB_CORNERS_ROWS], int64_t x, lanes low, lanes high) {
  const lanes a = load(rows[6] + x), b = load(rows[3] + x + 3);
  const lanes c = load(rows[0] + x), d = load(rows[3] + x - 3);
  const lanes bright = least(most(a, c), most(b, d)), dark = most(least(a, c), least(b, d));
  return any(most(less(bright, high), less(low, dark)));
}

/* The outermost, over the 16 arcs of 9, of the innermost pixel. `two`, `four`, `eight` pixels begin at
 * number 2 i + 1. */
#define ARCS(name, inner, outer)                                             \
  PATH lanes name(const circle *c) {                                         \
    lanes two[8], four[8], best = inner(c->pixel[0], c->pixel[1]);           \
    for (int32_t i = 0; i < 8; i++) {                                        \
      two[i] = inner(c->pixel[2 * i + 1], c->pixel[(2 * i + 2) & 15]);       \
    }                                                                        \
    for (int32_t i = 0; i < 8; i++) {                                        \
      four[i] = inner(two[i], two[(i + 1) & 7]);                             \
    }                                                                        \
    for (int32_t i = 0; i < 8; i++) {                                        \
      const lanes eight = inner(four[i], four[(i + 2) & 7]);                 \
      const lanes ends = outer(c->pixel[2 * i], c->pixel[(2 * i + 9) & 15]); \
      const lanes arcs = inner(eight, ends);                                 \
      best = i == 0 ? arcs : outer(best, arcs);                              \
    }                                                                        \
    return best;                                                             \
  }

ARCS(brightest_arc, least, most)
ARCS(darkest_arc, most, least)
#undef ARCS

PATH lanes strength(const uint8_t *const rows[OB_CORNERS_ROWS], int64_t x, lanes threshold) {
  const lanes centre = load(rows[3] + x);
  if (!may_be(rows, x, less(centre, threshold), more(centre, threshold))) {
    return every(0);
  }
  const circle c = circle_around(rows, x);
  const lanes bright = less(brightest_arc(&c), centre), dark = less(centre, darkest_arc(&c));
  const lanes either = most(bright, dark);
  return unless(less(either, threshold), either);
}

RATE(const uint8_t *const rows[OB_CORNERS_ROWS], int64_t width, uint8_t threshold,
     uint8_t *strengths) {
  const int64_t last = width - OB_CORNERS_REACH - LANES;
  const lanes thresholds = every(threshold);
  for (int64_t x = OB_CORNERS_REACH; x < last; x += LANES) {
    store(strengths + x, strength(rows, x, thresholds));
  }
  store(strengths + last, strength(rows, last, thresholds)); /* may overlap the one before */
}

PATH lanes outstanding(const uint8_t *const rows[3], int64_t x) {
  const lanes above = most(most(load(rows[0] + x - 1), load(rows[0] + x)), load(rows[0] + x + 1));
  const lanes below = most(most(load(rows[2] + x - 1), load(rows[2] + x)), load(rows[2] + x + 1));
  const lanes beside = most(load(rows[1] + x - 1), load(rows[1] + x + 1));
  return less(load(rows[1] + x), most(most(above, below), beside));
}

PICK(const uint8_t *const rows[3], int64_t width, int64_t y, int64_t suppress, ob_corner *corners) {
  int64_t count = 0;
  for (int64_t x = OB_CORNERS_REACH; x < width - OB_CORNERS_REACH; x += LANES) {
    const lanes here = load(rows[1] + x);
    uint32_t left = any(here) ? set(suppress ? outstanding(rows, x) : here) : 0;
    for (; left != 0; left &= left - 1) {
      const int64_t column = x + lowest(left);
      corners[count++] = (ob_corner){(int16_t)column, (int16_t)y, rows[1][column] - 1};
    }
  }
  return count;
}
