/* The kernel of consensus.c, included once for each target: lanes.h. */

/* The truncated cost per squared threshold over all matches, floats in eight lanes; HOPELESS as soon as it
 * will not get below `best`. */
LANES_TARGET static double LANES(score)(ob_errors errors, const ob_field *field, const float *kernel,
                                        float threshold, double best, int64_t *inliers) {
  const float per_square = 1.0f / (threshold * threshold);
  const double padding = (double)(field->padded - field->count);
  ob_f8 cost = {0.0f}, count = {0.0f};
  const ob_f8 one = cost + 1.0f;
  for (int64_t at = 0; at < field->padded; at += OB_BLOCK) {
    float squares[OB_BLOCK];
    const int64_t end = field->padded - at < OB_BLOCK ? field->padded - at : OB_BLOCK;
    errors(field, at, end, kernel, squares);
    for (int64_t i = 0; i < end; i += 8) {
      ob_f8 square;
      OB_LOAD(square, squares + i);
      square *= per_square;
      const ob_i8 in = square < one;
      cost += one + OB_F8_WHERE(in, square - one);
      count += OB_F8_WHERE(in, one);
    }
    if (end == OB_BLOCK && hopeless(ob_f8_sum(&cost), at + OB_BLOCK, field->count, best)) {
      return HOPELESS;
    }
  }
  *inliers = (int64_t)ob_f8_sum(&count);
  return ob_f8_sum(&cost) - padding;
}
