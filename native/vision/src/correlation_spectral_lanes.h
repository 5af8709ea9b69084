/* Numerators by Fourier transforms, included once for each target: lanes.h. */

/* Transpose of 8 x 8 floats, from rows of 16 to rows of 16. */
LANES_TARGET static inline void LANES(transpose)(const float *from, float *to) {
#if TRANSPOSE_IN_REGISTERS
  __m256 a[8], b[8];
  for (int32_t i = 0; i < 8; i += 2) {
    const __m256 even = _mm256_loadu_ps(from + i * 16), odd = _mm256_loadu_ps(from + (i + 1) * 16);
    a[i] = _mm256_unpacklo_ps(even, odd);
    a[i + 1] = _mm256_unpackhi_ps(even, odd);
  }
  for (int32_t i = 0; i < 8; i += 4) {
    b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
    b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xee);
    b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xee);
  }
  for (int32_t i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * 16, _mm256_permute2f128_ps(b[i], b[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * 16, _mm256_permute2f128_ps(b[i], b[i + 4], 0x31));
  }
#else
  for (int32_t i = 0; i < 8; i++) {
    for (int32_t j = 0; j < 8; j++) {
      to[i * 16 + j] = from[j * 16 + i];
    }
  }
#endif
}

/* 16 pixels of a row from column x on, less the middle and times `scale`, 0 beyond the image. */
LANES_TARGET static void LANES(pixels)(const ob_image *image, int64_t x, int64_t y, int32_t middle,
                                       float scale, float *to) {
  const uint8_t *const row = image->pixels + y * image->stride + x;
  const int64_t left = image->width - x;
  uint8_t pixel[16];
  if (left >= 16) {
    memcpy(pixel, row, sizeof pixel);
  } else {
    memset(pixel, middle, sizeof pixel);
    memcpy(pixel, row, (size_t)left);
  }
  for (int32_t i = 0; i < 16; i++) {
    to[i] = (float)(pixel[i] - middle) * scale;
  }
}

/* Frequency k of 16 real columns, twice, from their joint transform: of the first 8 to `a`, of the others
 * to `b`. */
LANES_TARGET static inline void LANES(separate)(const ob_spectrum *s, int64_t k, float *a, float *b) {
  const int32_t *const at = s->along_y.place;
  const float *const z = AT(s->work, at[k]), *const m = AT(s->work, at[(s->height - k) & (s->height - 1)]);
  ob_f8 z_re, z_im, m_re, m_im;
  OB_LOAD(z_re, z);
  OB_LOAD(z_im, z + 8);
  OB_LOAD(m_re, m);
  OB_LOAD(m_im, m + 8);
  const ob_f8 a_re = z_re + m_re, a_im = z_im - m_im, b_re = z_im + m_im, b_im = m_re - z_re;
  LANES(put)(a, 0, &a_re, &a_im);
  LANES(put)(b, 0, &b_re, &b_im);
}

/* The other way, to k and to its negative. */
LANES_TARGET static inline void LANES(combine)(const ob_spectrum *s, int64_t k, const float *a,
                                               const float *b) {
  const int32_t *const at = s->along_y.place;
  ob_f8 a_re, a_im, b_re, b_im;
  OB_LOAD(a_re, a);
  OB_LOAD(a_im, a + 8);
  OB_LOAD(b_re, b);
  OB_LOAD(b_im, b + 8);
  const ob_f8 z_re = a_re - b_im, z_im = a_im + b_re, m_re = a_re + b_im, m_im = b_re - a_im;
  LANES(put)(s->work, at[k], &z_re, &z_im);
  LANES(put)(s->work, at[(s->height - k) & (s->height - 1)], &m_re, &m_im);
}

LANES_TARGET static void LANES(columns_forward)(ob_spectrum *s, const ob_image *image, int32_t middle,
                                                float scale, float *to, int64_t columns) {
  float side[2][8 * 16] = {{0.0f}};
  for (int64_t x = 0; x < columns; x += 16) {
    if (x >= image->width) {
      clear_columns(s, to, columns, x);
      continue;
    }
    for (int64_t y = 0; y < image->height; y++) {
      LANES(pixels)(image, x, y, middle, scale, AT(s->work, y));
    }
    memset(AT(s->work, image->height), 0, (size_t)(s->height - image->height) * 16 * sizeof(float));
    LANES(forward)(&s->along_y, s->work);
    for (int64_t band = 0; band < s->bands; band++) {
      const int64_t rows = in_band(s, band);
      for (int64_t i = 0; i < rows; i++) {
        LANES(separate)(s, band * 8 + i, AT(side[0], i), AT(side[1], i));
      }
      for (int32_t half = 0; half < 2; half++) {
        float *const out = AT(to, band * columns + x + 8 * half);
        LANES(transpose)(side[half], out);
        LANES(transpose)(side[half] + 8, out + 8);
      }
    }
  }
}

/* `z` times the conjugate of `by`, in place; `squares` gathers its squared absolute value. */
LANES_TARGET static void LANES(multiply)(float *z, const float *by, int64_t n, ob_f8 *squares) {
  ob_f8 sum = *squares;
  for (int64_t k = 0; k < n; k++) {
    ob_f8 z_re, z_im, t_re, t_im;
    OB_LOAD(z_re, AT(z, k));
    OB_LOAD(z_im, AT(z, k) + 8);
    OB_LOAD(t_re, AT(by, k));
    OB_LOAD(t_im, AT(by, k) + 8);
    const ob_f8 p_re = z_re * t_re + z_im * t_im, p_im = z_im * t_re - z_re * t_im;
    LANES(put)(z, k, &p_re, &p_im);
    sum += p_re * p_re + p_im * p_im;
  }
  *squares = sum;
}

/* Every band: to frequencies along x, the product, and back. Returns the sum of the products' squared
 * absolute values, over both halves of the spectrum. */
LANES_TARGET static double LANES(rows)(ob_spectrum *s) {
  double sum = 0.0;
  for (int64_t band = 0; band < s->bands; band++) {
    float *const z = AT(s->window, band * s->width);
    ob_f8 squares = {0.0f};
    LANES(forward)(&s->along_x, z);
    memcpy(s->work, AT(s->pattern, band * s->near), (size_t)s->near * 16 * sizeof(float));
    memset(AT(s->work, s->near), 0, (size_t)(s->width - s->near) * 16 * sizeof(float));
    LANES(forward)(&s->along_x, s->work);
    LANES(multiply)(z, s->work, s->width, &squares);
    LANES(inverse)(&s->along_x, z);
    sum += 2.0 * ob_f8_sum(&squares);
  }
  return sum;
}

LANES_TARGET static void LANES(columns_inverse)(ob_spectrum *s, const ob_correlation_task *task,
                                                float *numerators) {
  float side[2][8 * 16];
  for (int64_t x = 0; x < task->columns; x += 16) {
    for (int64_t band = 0; band < s->bands; band++) {
      for (int32_t half = 0; half < 2; half++) {
        const float *const in = AT(s->window, band * s->width + x + 8 * half);
        LANES(transpose)(in, side[half]);
        LANES(transpose)(in + 8, side[half] + 8);
      }
      const int64_t rows = in_band(s, band);
      for (int64_t i = 0; i < rows; i++) {
        LANES(combine)(s, band * 8 + i, AT(side[0], i), AT(side[1], i));
      }
    }
    LANES(inverse)(&s->along_y, s->work);
    for (int64_t y = 0; y < task->rows; y++) {
      memcpy(numerators + y * task->stride + x, AT(s->work, y), 16 * sizeof(float));
    }
  }
}

/* Separated spectra are twice what they should be, and the inverse transforms multiply by their lengths:
 * powers of two, all of which the pattern's pixels carry. Returns the sum of squares of all numerators. */
LANES_TARGET static double LANES(correlate)(ob_spectrum *s, const ob_correlation_task *task,
                                            float *numerators) {
  const float size = (float)(s->width * s->height);
  LANES(columns_forward)(s, &task->window, OB_CORRELATION_MIDDLE, 1.0f, s->window, s->width);
  LANES(columns_forward)(s, &task->pattern, task->middle, 0.25f / size, s->pattern, s->near);
  const double squares = LANES(rows)(s);
  LANES(columns_inverse)(s, task, numerators);
  return squares * (double)size;
}
