/* The paths of tracker.c, one text for all. Whoever includes it has defined PATH (how a function is
 * declared), FILL and COMPARE (how the two begin), LANES (16-bit integers in a `lanes`), `sums` (32-bit
 * sums), and `pixels` (octets as 16-bit integers), `load`, `store`, `every`, `plus`, `minus`, `both` (of
 * bits), `times` (low half), `share` (lanes times a number / 65536, rounded down), `half`, `eighth`,
 * `clamp` (to that number either way), `none`, `dot` (adds products to sums) and `total`. */

/* Between columns: 0 to 16320. */
PATH lanes across(const uint8_t *from, lanes beyond) {
  const lanes left = pixels(from);
  return plus(times(left, every(OB_TRACK_STEPS)), times(minus(pixels(from + 1), left), beyond));
}

/* Between rows: the difference is doubled, and the share is beyond * 512 / 65536 of that. */
PATH lanes between(lanes above, lanes below, lanes beyond_512) {
  const lanes apart = minus(below, above);
  return plus(above, share(plus(apart, apart), beyond_512));
}

PATH void sample(ob_track_window *window, ob_track_place place) {
  const lanes beyond_x = every((int16_t)place.beyond_x), beyond_y = every((int16_t)(512 * place.beyond_y));
  for (int64_t x = 0; x < window->side + 2; x += LANES) {
    lanes above = across(place.pixel + x, beyond_x);
    for (int64_t y = 0; y < window->side + 2; y++) {
      const lanes below = across(place.pixel + (y + 1) * place.stride + x, beyond_x);
      store(window->brightness + y * OB_TRACK_PITCH + x, between(above, below, beyond_y));
      above = below;
    }
  }
}

/* 1 2 1, over 1: 0 to 32640, four times the slope's unit. */
PATH lanes smooth(lanes a, lanes b, lanes c) { return plus(b, plus(half(a), half(c))); }

PATH lanes slope(lanes from, lanes to) { return eighth(minus(to, from)); }

PATH lanes smooth_down(const int16_t *b) {
  return smooth(load(b - OB_TRACK_PITCH), load(b), load(b + OB_TRACK_PITCH));
}

PATH lanes smooth_across(const int16_t *b) { return smooth(load(b - 1), load(b), load(b + 1)); }

FILL(ob_track_window *window, ob_track_place place, ob_track_slopes *slopes) {
  sample(window, place);
  *slopes = (ob_track_slopes){0, 0, 0, 0, 0};
  for (int64_t x = 0; x < window->side; x += LANES) {
    const lanes inside = load(window->inside + x), mask = minus(every(0), inside);
    const int16_t *b = window->brightness + (window->first_row + 1) * OB_TRACK_PITCH + 1 + x;
    lanes above = smooth_across(b - OB_TRACK_PITCH), here = smooth_across(b);
    sums sum_x = none(), sum_y = none(), xx = none(), xy = none(), yy = none();
    for (int64_t y = window->first_row; y < window->end_row; y++, b += OB_TRACK_PITCH) {
      const lanes below = smooth_across(b + OB_TRACK_PITCH);
      const lanes along_x = both(mask, slope(smooth_down(b - 1), smooth_down(b + 1)));
      const lanes along_y = both(mask, slope(above, below));
      store(window->slope_x + y * OB_TRACK_PITCH + x, along_x);
      store(window->slope_y + y * OB_TRACK_PITCH + x, along_y);
      sum_x = dot(sum_x, along_x, inside);
      sum_y = dot(sum_y, along_y, inside);
      xx = dot(xx, along_x, along_x);
      xy = dot(xy, along_x, along_y);
      yy = dot(yy, along_y, along_y);
      above = here;
      here = below;
    }
    slopes->x += total(sum_x);
    slopes->y += total(sum_y);
    slopes->xx += total(xx);
    slopes->xy += total(xy);
    slopes->yy += total(yy);
  }
}

COMPARE(const ob_track_window *window, ob_track_place place, ob_track_difference *difference) {
  const lanes beyond_x = every((int16_t)place.beyond_x), beyond_y = every((int16_t)(512 * place.beyond_y));
  *difference = (ob_track_difference){0, 0, 0, 0};
  for (int64_t x = 0; x < window->side; x += LANES) {
    const lanes inside = load(window->inside + x), mask = minus(every(0), inside);
    sums one = none(), square = none(), times_x = none(), times_y = none();
    const uint8_t *pixel = place.pixel + window->first_row * place.stride + x;
    const int64_t end = window->end_row * OB_TRACK_PITCH;
    lanes above = across(pixel, beyond_x);
    for (int64_t i = window->first_row * OB_TRACK_PITCH + x; i < end; i += OB_TRACK_PITCH) {
      pixel += place.stride;
      const lanes below = across(pixel, beyond_x), now = between(above, below, beyond_y);
      const lanes was = load(window->brightness + i + OB_TRACK_PITCH + 1);
      const lanes apart = both(mask, half(minus(now, was)));
      const lanes clamped = clamp(apart, OB_TRACK_DIFFERENCE_MOST);
      one = dot(one, apart, inside);
      square = dot(square, clamped, clamped);
      times_x = dot(times_x, apart, load(window->slope_x + i));
      times_y = dot(times_y, apart, load(window->slope_y + i));
      above = below;
    }
    difference->one += total(one);
    difference->square += total(square);
    difference->x += total(times_x);
    difference->y += total(times_y);
  }
}
