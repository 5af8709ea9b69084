/* The loops of pyramid.c over one row, which the compiler makes vectors of; included once for each target
 * with TARGET and ROWS(name) set. */

TARGET static void ROWS(smooth_down)(const uint8_t *first, int64_t stride, int64_t count,
                                     uint16_t *restrict sums) {
  const uint8_t *const a = first, *const b = a + stride, *const c = b + stride;
  const uint8_t *const d = c + stride, *const e = d + stride;
  for (int64_t x = 0; x < count; x++) {
    sums[x] = (uint16_t)(a[x] + e[x] + 4 * (b[x] + d[x]) + 6 * c[x]);
  }
}

TARGET static void ROWS(smooth_across)(const uint16_t *sums, int64_t count, uint8_t *restrict pixels) {
  for (int64_t x = 0; x < count; x++) {
    const uint16_t *const s = sums + 2 * x;
    const uint16_t ends = (uint16_t)(s[0] + s[4]), inner = (uint16_t)(s[1] + s[3]);
    pixels[x] = (uint8_t)((uint16_t)(ends + 4 * inner + 6 * s[2] + 128) >> 8);
  }
}
