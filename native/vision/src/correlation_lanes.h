/* What correlation.c does at every place, included once for each target: lanes.h. */

/* Columns of the pattern's height come to end with row y. */
LANES_TARGET static void LANES(slide)(const search *s, int64_t y) {
  int32_t *const sums = s->column_sums, *const squares = s->column_squares;
  const int64_t leaves = y - s->task.pattern.height, stride = s->task.window.stride;
  const uint8_t *const in = s->task.window.pixels + y * stride;
  const uint8_t *const out = s->task.window.pixels + (leaves < 0 ? 0 : leaves) * stride;
  const int32_t leaving = leaves < 0 ? 0 : -1; /* all bits, or none */
  for (int64_t x = 0; x < s->task.window.width; x++) {
    const int32_t come = in[x] - OB_CORRELATION_MIDDLE, go = (out[x] - OB_CORRELATION_MIDDLE) & leaving;
    sums[x] += come - go;
    squares[x] += (come - go) * (come + go);
  }
}

/* From columns of the pattern's height to the pattern's area at each place: at most 65,536 pixels of at most
 * 128 squared. */
LANES_TARGET static void LANES(sum_rows)(search *s) {
  const int64_t width = s->task.pattern.width;
  const int32_t *const sums = s->column_sums, *const squares = s->column_squares;
  int32_t sum = 0, square = 0;
  for (int64_t x = 0; x < width; x++) {
    sum += sums[x];
    square += squares[x];
  }
  s->sums[0] = sum;
  s->squares_under[0] = square;
  for (int64_t x = 1; x < s->task.columns; x++) {
    sum += sums[x + width - 1] - sums[x - 1];
    square += squares[x + width - 1] - squares[x - 1];
    s->sums[x] = sum;
    s->squares_under[x] = square;
  }
}

/* Sums of squares of the pixels less their mean, and what the numerators lack because the pattern is less
 * a whole number in place of its mean. */
LANES_TARGET static void LANES(deviate)(search *s) {
  const double inverse = 1.0 / (double)s->count;
  const double lacking = (double)s->task.middle - (double)s->sum * inverse;
  for (int64_t x = 0; x < s->task.stride; x++) {
    const double sum = (double)s->sums[x];
    s->under[x] = (float)((double)s->squares_under[x] - sum * sum * inverse);
    s->shift[x] = (float)(lacking * sum);
  }
}

/* Ranks in place of numerators. `reached` is raised to the lowest that the best can be. */
LANES_TARGET static void LANES(rank_row)(search *s, int64_t y, ob_f8 *reached) {
  float *const ranks = s->ranks + y * s->task.stride;
  const ob_f8 zero = {0.0f}, nowhere = zero + NOWHERE;
  const float error = (float)s->error, least = (float)s->least_squares;
  ob_f8 best = nowhere, surely = *reached;
  for (int64_t x = 0; x < s->task.stride; x += 8) {
    ob_f8 numerator, shift, under;
    OB_LOAD(numerator, ranks + x);
    OB_LOAD(shift, s->shift + x);
    OB_LOAD(under, s->under + x);
    numerator += shift;
    const ob_f8 size = (ob_f8)((ob_i8)numerator & INT32_MAX);
    const ob_f8 slack = size * 1e-6f + error, high = numerator + slack, low = numerator - slack;
    const ob_i8 rough = (under > zero) & (under >= least);
    const ob_f8 inverse = 1.0f / (OB_F8_WHERE(rough, under) + OB_F8_WHERE(~rough, zero + 1.0f));
    const ob_f8 upper = high * (ob_f8)((ob_i8)high & INT32_MAX) * inverse;
    const ob_f8 lower = low * (ob_f8)((ob_i8)low & INT32_MAX) * inverse;
    const ob_f8 rank = OB_F8_WHERE(rough, upper) + OB_F8_WHERE(~rough, nowhere);
    const ob_f8 sure = OB_F8_WHERE(rough, lower) + OB_F8_WHERE(~rough, nowhere);
    const ob_i8 better = rank > best, surer = sure > surely;
    best = OB_F8_WHERE(better, rank) + OB_F8_WHERE(~better, best);
    surely = OB_F8_WHERE(surer, sure) + OB_F8_WHERE(~surer, surely);
    memcpy(ranks + x, &rank, sizeof rank);
  }
  float lanes[8];
  memcpy(lanes, &best, sizeof lanes);
  s->row_best[y] = lanes[0];
  for (int32_t i = 1; i < 8; i++) {
    s->row_best[y] = lanes[i] > s->row_best[y] ? lanes[i] : s->row_best[y];
  }
  *reached = surely;
}

LANES_TARGET static void LANES(rank)(search *s) {
  ob_f8 reached = {0.0f};
  reached += NOWHERE;
  memset(s->column_sums, 0, (size_t)s->task.window.width * 2 * sizeof(int32_t));
  memset(s->sums, 0, (size_t)s->task.stride * 2 * sizeof(int32_t)); /* behind the last: flat */
  for (int64_t y = 0; y < s->task.window.height; y++) {
    const int64_t place_row = y - s->task.pattern.height + 1;
    LANES(slide)(s, y);
    if (place_row >= 0) {
      LANES(sum_rows)(s);
      LANES(deviate)(s);
      LANES(rank_row)(s, place_row, &reached);
    }
  }
  float lanes[8];
  memcpy(lanes, &reached, sizeof lanes);
  s->reached = NOWHERE;
  for (int32_t i = 0; i < 8; i++) {
    s->reached = lanes[i] > s->reached ? lanes[i] : s->reached;
  }
}

/* Sums of products, of the window's pixels and of their squares at a place. */
LANES_TARGET static void LANES(sum_under)(const search *s, int64_t row, int64_t column,
                                          int64_t sums[3]) {
  for (int64_t y = 0; y < s->task.pattern.height; y++) {
    const uint8_t *const t = s->task.pattern.pixels + y * s->task.pattern.stride;
    const uint8_t *const w = s->task.window.pixels + (row + y) * s->task.window.stride + column;
    int32_t products = 0, sum = 0, squares = 0; /* of at most 256 pixels */
    for (int64_t x = 0; x < s->task.pattern.width; x++) {
      products += t[x] * w[x];
      sum += w[x];
      squares += w[x] * w[x];
    }
    sums[0] += products;
    sums[1] += sum;
    sums[2] += squares;
  }
}
