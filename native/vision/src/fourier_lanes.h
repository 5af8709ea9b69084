/* Transforms of fourier.h, included once for each target: lanes.h. */

#define AT(z, k) ((z) + (k) * OB_FOURIER_FLOATS)

LANES_TARGET static inline void LANES(put)(float *z, int64_t k, const ob_f8 *re, const ob_f8 *im) {
  memcpy(AT(z, k), re, sizeof *re);
  memcpy(AT(z, k) + 8, im, sizeof *im);
}

/* One halving, of neighbours. */
LANES_TARGET static void LANES(pairs)(float *z, int64_t n) {
  for (int64_t k = 0; k < n; k += 2) {
    ob_f8 a_re, a_im, b_re, b_im;
    OB_LOAD(a_re, AT(z, k));
    OB_LOAD(a_im, AT(z, k) + 8);
    OB_LOAD(b_re, AT(z, k + 1));
    OB_LOAD(b_im, AT(z, k + 1) + 8);
    const ob_f8 s_re = a_re + b_re, s_im = a_im + b_im, d_re = a_re - b_re, d_im = a_im - b_im;
    LANES(put)(z, k, &s_re, &s_im);
    LANES(put)(z, k + 1, &d_re, &d_im);
  }
}

/* Quarters of each group of 4 q, from frequencies in natural order to sums: `turn` has a step between the
 * powers of the group's root. */
LANES_TARGET static void LANES(part)(float *z, int64_t n, int64_t q, const float *turn, int64_t step) {
  for (float *group = z; group < AT(z, n); group = AT(group, 4 * q)) {
    for (int64_t k = 0; k < q; k++) {
      ob_f8 a_re, a_im, b_re, b_im, c_re, c_im, d_re, d_im;
      OB_LOAD(a_re, AT(group, k));
      OB_LOAD(a_im, AT(group, k) + 8);
      OB_LOAD(b_re, AT(group, k + q));
      OB_LOAD(b_im, AT(group, k + q) + 8);
      OB_LOAD(c_re, AT(group, k + 2 * q));
      OB_LOAD(c_im, AT(group, k + 2 * q) + 8);
      OB_LOAD(d_re, AT(group, k + 3 * q));
      OB_LOAD(d_im, AT(group, k + 3 * q) + 8);
      const ob_f8 s_re = a_re + c_re, s_im = a_im + c_im, e_re = a_re - c_re, e_im = a_im - c_im;
      const ob_f8 t_re = b_re + d_re, t_im = b_im + d_im, f_re = b_re - d_re, f_im = b_im - d_im;
      ob_f8 y_re = s_re + t_re, y_im = s_im + t_im;
      LANES(put)(group, k, &y_re, &y_im);
      const float *w = turn + 2 * k * step;
      ob_f8 x_re = e_re + f_im, x_im = e_im - f_re;
      y_re = x_re * w[0] - x_im * w[1];
      y_im = x_re * w[1] + x_im * w[0];
      LANES(put)(group, k + q, &y_re, &y_im);
      w = turn + 4 * k * step;
      x_re = s_re - t_re, x_im = s_im - t_im;
      y_re = x_re * w[0] - x_im * w[1];
      y_im = x_re * w[1] + x_im * w[0];
      LANES(put)(group, k + 2 * q, &y_re, &y_im);
      w = turn + 6 * k * step;
      x_re = e_re - f_im, x_im = e_im + f_re;
      y_re = x_re * w[0] - x_im * w[1];
      y_im = x_re * w[1] + x_im * w[0];
      LANES(put)(group, k + 3 * q, &y_re, &y_im);
    }
  }
}

/* The inverse of that, times 4. */
LANES_TARGET static void LANES(join)(float *z, int64_t n, int64_t q, const float *turn, int64_t step) {
  for (float *group = z; group < AT(z, n); group = AT(group, 4 * q)) {
    for (int64_t k = 0; k < q; k++) {
      ob_f8 a_re, a_im, y_re, y_im;
      OB_LOAD(a_re, AT(group, k));
      OB_LOAD(a_im, AT(group, k) + 8);
      const float *w = turn + 2 * k * step;
      OB_LOAD(y_re, AT(group, k + q));
      OB_LOAD(y_im, AT(group, k + q) + 8);
      const ob_f8 b_re = y_re * w[0] + y_im * w[1], b_im = y_im * w[0] - y_re * w[1];
      w = turn + 4 * k * step;
      OB_LOAD(y_re, AT(group, k + 2 * q));
      OB_LOAD(y_im, AT(group, k + 2 * q) + 8);
      const ob_f8 c_re = y_re * w[0] + y_im * w[1], c_im = y_im * w[0] - y_re * w[1];
      w = turn + 6 * k * step;
      OB_LOAD(y_re, AT(group, k + 3 * q));
      OB_LOAD(y_im, AT(group, k + 3 * q) + 8);
      const ob_f8 d_re = y_re * w[0] + y_im * w[1], d_im = y_im * w[0] - y_re * w[1];
      const ob_f8 s_re = a_re + c_re, s_im = a_im + c_im, e_re = a_re - c_re, e_im = a_im - c_im;
      const ob_f8 t_re = b_re + d_re, t_im = b_im + d_im, f_re = b_re - d_re, f_im = b_im - d_im;
      y_re = s_re + t_re, y_im = s_im + t_im;
      LANES(put)(group, k, &y_re, &y_im);
      y_re = e_re - f_im, y_im = e_im + f_re;
      LANES(put)(group, k + q, &y_re, &y_im);
      y_re = s_re - t_re, y_im = s_im - t_im;
      LANES(put)(group, k + 2 * q, &y_re, &y_im);
      y_re = e_re + f_im, y_im = e_im - f_re;
      LANES(put)(group, k + 3 * q, &y_re, &y_im);
    }
  }
}

/* After the first quartering each quarter by itself: it is in the first cache. */
LANES_TARGET static void LANES(forward)(const ob_fourier *fourier, float *z) {
  const int64_t n = fourier->n, piece = n >= 4 ? n / 4 : n;
  if (n >= 4) {
    LANES(part)(z, n, n / 4, fourier->turn, 1);
  }
  for (float *quarter = z; quarter < AT(z, n); quarter = AT(quarter, piece)) {
    int64_t m = piece;
    for (; m >= 4; m /= 4) {
      LANES(part)(quarter, piece, m / 4, fourier->turn, n / m);
    }
    if (m == 2) {
      LANES(pairs)(quarter, piece);
    }
  }
}

LANES_TARGET static void LANES(inverse)(const ob_fourier *fourier, float *z) {
  const int64_t n = fourier->n, piece = n >= 4 ? n / 4 : n;
  int64_t least = n;
  for (; least > 4; least /= 4) {
  }
  for (float *quarter = z; quarter < AT(z, n); quarter = AT(quarter, piece)) {
    if (least == 2) {
      LANES(pairs)(quarter, piece);
    }
    for (int64_t m = 4 * (least == 2 ? 2 : 1); m <= piece; m *= 4) {
      LANES(join)(quarter, piece, m / 4, fourier->turn, n / m);
    }
  }
  if (n >= 4) {
    LANES(join)(z, n, n / 4, fourier->turn, 1);
  }
}
