/* The loops of descriptors.c, which the compiler makes vectors of; included once for each target with
 * TARGET and ROWS(name) set. */

TARGET static void ROWS(add_rows)(const ob_image *image, int64_t y, uint16_t *columns) {
  const uint8_t *const middle = image->pixels + y * image->stride;
  for (int64_t x = 0; x < image->width; x++) {
    const uint8_t *const p = middle + x;
    columns[x] = (uint16_t)(p[-2 * image->stride] + p[-image->stride] + p[0] + p[image->stride] +
                            p[2 * image->stride]);
  }
}

TARGET static void ROWS(fill_boxes)(const ob_image *image, uint16_t *restrict columns, uint16_t *restrict boxes) {
  for (int64_t y = 2; y < image->height - 2; y++) {
    ROWS(add_rows)(image, y, columns);
    uint16_t *const row = boxes + y * image->width;
    for (int64_t x = 2; x < image->width - 2; x++) {
      row[x] = (uint16_t)(columns[x - 2] + columns[x - 1] + columns[x] + columns[x + 1] +
                          columns[x + 2]);
    }
  }
}

/* Row by row, of both sides of the point at once. */
TARGET static int64_t ROWS(direction_at)(const uint8_t *pixel, int64_t stride) {
  int16_t column[COLUMNS], moment[COLUMNS], away[COLUMNS];
  for (int16_t x = 0; x < COLUMNS; x++) {
    away[x] = (int16_t)(x - REACH);
    column[x] = away[x] <= REACH ? pixel[away[x]] : 0;
    moment[x] = 0;
  }
  for (int16_t y = 1; y <= REACH; y++) {
    const uint8_t *const above = pixel - y * stride - REACH, *const below = pixel + y * stride - REACH;
    const int16_t half = HALF_WIDTH[y];
    for (int64_t x = 0; x < COLUMNS; x++) {
      const int16_t counts = (int16_t)-(away[x] * away[x] <= half * half);
      column[x] = (int16_t)(column[x] + ((above[x] + below[x]) & counts));
      moment[x] = (int16_t)(moment[x] + y * ((below[x] - above[x]) & counts));
    }
  }
  int32_t sum_x = 0, sum_y = 0;
  for (int64_t x = 0; x < COLUMNS; x++) {
    sum_x += away[x] * column[x];
    sum_y += moment[x];
  }
  return direction_of(sum_x, sum_y);
}

/* Where the boxes are from the point on, the first ones of all bits and then the second ones. */
TARGET static void ROWS(turn_pairs)(int64_t direction, int64_t width, int32_t *restrict places) {
  const int16_t c = cosine(direction), s = cosine(direction + 3 * QUARTER);
  for (int64_t i = 0; i < 2 * BITS; i++) {
    const int16_t x = nearest((int16_t)(c * PAIRS_X[i] - s * PAIRS_Y[i]));
    const int16_t y = nearest((int16_t)(s * PAIRS_X[i] + c * PAIRS_Y[i]));
    places[i] = (int32_t)width * y + x;
  }
}

TARGET static void ROWS(describe_at)(const uint16_t *box, int64_t width, ob_description *description) {
  int32_t places[2 * BITS];
  ROWS(turn_pairs)(description->direction, width, places);
  for (int64_t octet = 0; octet < OB_DESCRIPTOR_OCTETS; octet++) {
    const int32_t *const first = places + 8 * octet, *const second = first + BITS;
    uint32_t bits = 0;
    for (int64_t bit = 0; bit < 8; bit++) {
      bits |= (uint32_t)(box[first[bit]] < box[second[bit]]) << bit;
    }
    description->bits[octet] = (uint8_t)bits;
  }
}

TARGET static int64_t ROWS(describe_all)(const ob_image *image, const ob_corner *points, int64_t count,
                                         ob_description *descriptions, uint16_t *workspace) {
  int64_t described = 0;
  ROWS(fill_boxes)(image, workspace + image->width * image->height, workspace);
  for (int64_t i = 0; i < count; i++) {
    if (ob_can_describe(image, &points[i])) {
      const int64_t x = points[i].x, y = points[i].y;
      ob_description *const description = &descriptions[described++];
      description->point = (int32_t)i;
      description->direction =
          (int32_t)ROWS(direction_at)(image->pixels + y * image->stride + x, image->stride);
      ROWS(describe_at)(workspace + y * image->width + x, image->width, description);
    }
  }
  return described;
}
