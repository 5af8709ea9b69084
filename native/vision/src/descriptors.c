#include "vision/descriptors.h"

#include <assert.h>
#include <string.h>

#define BITS (8 * OB_DESCRIPTOR_OCTETS)
#define QUARTER (OB_DIRECTIONS / 4)
#define ONE 16384

/* Columns and rows of the two boxes of each bit. */
static const int8_t PAIRS[BITS][4] = {
    {4, 2, -8, 12}, {0, -1, 6, 5}, {-1, -4, 0, 5}, {-4, 6, 11, -4}, {-4, -5, 6, -2},
    {10, -6, -6, 3}, {5, -9, 3, 8}, {-3, 6, 7, 4}, {6, 3, -2, 3}, {3, 12, -10, -3}, {-1, 6, 0, 1},
    {-9, 4, -3, 1}, {-6, -1, 0, -2}, {-8, -5, -3, -1}, {-14, 5, 4, -12}, {3, -10, -6, 12},
    {-1, -4, 7, 5}, {-4, -6, -4, 8}, {-3, 2, 6, 4}, {-7, 4, -1, 6}, {7, -6, 4, -10}, {-3, 7, 6, -5},
    {-9, -4, 6, 2}, {-1, -7, 11, 8}, {0, 3, -7, -3}, {-9, -7, 1, 2}, {-2, 4, 3, -7},
    {-6, -4, 0, -4}, {5, -3, 0, 3}, {-5, 6, -1, 0}, {0, 11, 6, -8}, {5, -5, -1, -7},
    {-3, -5, 6, -2}, {-1, 6, 1, 0}, {5, 6, -8, 8}, {7, 4, 3, -2}, {-6, -9, -2, 0}, {-4, 10, -4, 2},
    {0, -8, 0, -3}, {6, 3, -3, 1}, {-2, -9, -12, 9}, {3, -4, 13, -2}, {6, -3, 2, -6},
    {-5, 4, 0, -9}, {7, -9, -6, -11}, {-4, -4, -13, -5}, {3, 4, 8, 6}, {2, -4, -6, -1},
    {-6, -3, 4, -11}, {-3, 8, 0, -10}, {-2, -1, 6, 2}, {-1, 4, 1, 10}, {-1, -7, -11, -4},
    {-7, 10, -11, 7}, {-2, -6, 4, 5}, {-1, 11, 7, 5}, {-7, 0, -9, -5}, {10, 4, 0, -1},
    {-5, -7, 4, -3}, {0, 10, 2, 0}, {1, 1, -3, 8}, {9, -9, 0, 2}, {0, -5, -10, 3}, {-8, 4, 6, -1},
    {6, 4, 1, 2}, {-4, 1, -13, -4}, {0, -2, 10, 1}, {-10, -6, -4, -7}, {2, -9, -5, -13},
    {-5, -1, 7, -3}, {4, -2, 1, -7}, {2, -2, 0, -8}, {6, -6, 0, 4}, {-5, 1, 4, -2}, {1, 3, -6, -8},
    {-3, 5, 2, -8}, {3, 4, -12, 8}, {3, 6, 3, 0}, {-5, -14, -3, -1}, {-1, 3, -11, 1},
    {-1, 8, 5, -1}, {3, -1, 11, 0}, {6, -9, -5, 7}, {1, -4, -5, 8}, {6, -5, -3, 14}, {-3, 4, 1, -6},
    {-15, 0, 3, 4}, {-1, -7, -8, 5}, {2, 5, -4, 2}, {2, 4, 8, -2}, {-4, -7, -9, -5},
    {-2, -12, 3, 6}, {0, -1, 8, -6}, {-11, 5, -4, -4}, {-1, -5, -2, 4}, {-7, 1, 9, -6},
    {-1, 10, -5, 3}, {-2, 4, 2, -4}, {3, 10, 5, 3}, {-7, 9, 3, -2}, {-8, 8, -1, -4},
    {-2, 0, 4, -11}, {-5, -3, 1, -7}, {7, 1, 5, -10}, {2, 5, -7, 6}, {-1, -3, 5, 0}, {-8, 3, 1, 5},
    {6, 10, -10, 3}, {8, 2, 1, -4}, {-12, -5, 2, 2}, {-7, 11, -8, 2}, {3, 0, 3, 7}, {2, -3, 10, 1},
    {11, -8, 2, -9}, {0, 8, -1, -8}, {10, -8, 0, -7}, {2, -1, 0, -10}, {0, -2, -5, 7},
    {10, -3, -2, 6}, {-3, -1, -5, -7}, {-4, -4, -3, 8}, {-7, -4, 10, -6}, {6, -3, 1, 3},
    {6, -5, -2, 3}, {2, 1, 2, -4}, {0, 0, 4, 9}, {-9, -2, 5, -7}, {-8, -5, -2, -7}, {4, -13, 8, 1},
    {-5, 2, -1, -8}, {4, 1, 4, 6}, {-4, 9, 4, 12}, {-1, -3, -3, -12}, {-5, 4, 4, -1},
    {-6, 1, -2, 7}, {11, -1, -5, -11}, {7, -8, 3, 0}, {2, 2, -10, 9}, {1, -14, -8, -11},
    {-5, 9, 9, -11}, {-3, 7, -3, -7}, {3, -6, 0, -2}, {-12, 6, 7, -7}, {5, -7, -4, -2},
    {4, 0, 7, 8}, {1, 0, -3, 6}, {-3, -8, 11, -1}, {2, 6, 11, -2}, {9, 2, -4, -3}, {-11, 5, 7, -4},
    {-6, -2, 9, 4}, {11, -7, 6, 10}, {-3, -6, -9, 11}, {-9, -5, 6, -7}, {11, 1, 3, -5},
    {1, -11, 2, 2}, {-8, 11, -4, -9}, {-5, -7, -11, 2}, {9, 7, -4, -3}, {7, 5, -4, 3},
    {-1, -1, 6, 9}, {-2, -3, -7, -4}, {-3, 2, -7, 11}, {-1, 6, 1, -1}, {0, 4, 5, -2},
    {2, 14, 13, -4}, {7, -2, -1, -5}, {4, -2, -4, 6}, {0, -9, -3, 7}, {6, 12, 1, -2}, {0, 3, 1, -9},
    {10, 2, 4, -7}, {1, -10, -2, -3}, {5, 9, 10, -3}, {-1, -9, -2, 3}, {10, -2, 3, 1},
    {3, 0, 12, 9}, {-6, 2, -1, -7}, {-6, 0, 4, -6}, {-5, -3, 7, -10}, {2, 3, -1, 13},
    {-1, -4, -4, -8}, {-7, 2, -1, -8}, {11, 2, 2, -2}, {2, 7, 2, -7}, {4, 10, 4, 0},
    {3, -3, -5, -2}, {11, 8, -7, -3}, {11, -1, -2, -1}, {-5, 8, -1, 3}, {9, 3, -6, 2},
    {-7, 3, 2, -14}, {-7, 0, -10, -11}, {-1, 6, -7, -1}, {1, -5, -4, 4}, {3, -7, -5, 6},
    {1, 1, -10, -8}, {3, 10, 2, 4}, {2, 7, 1, -2}, {-5, -11, -4, 0}, {7, -6, 9, 9}, {1, -11, -5, 1},
    {4, 14, 2, -6}, {-12, 5, 1, 3}, {-9, 2, 3, 0}, {-1, 4, -5, -3}, {-12, 4, 3, -3}, {2, 5, 11, -6},
    {1, 0, -7, -6}, {-9, -6, 12, -4}, {-1, 9, 9, 1}, {-4, -9, -2, -1}, {8, -4, -8, -9},
    {-2, 0, 3, -13}, {4, 4, -1, 6}, {12, 1, -7, 8}, {6, 8, 3, -6}, {-11, 8, 0, -4}, {-4, 2, 2, 13},
    {4, -4, 1, 0}, {12, -3, -10, 1}, {1, -2, 6, -4}, {6, -3, -9, -3}, {11, 10, 4, -5},
    {-7, 2, 0, -3}, {1, 3, 8, 10}, {-2, 5, -2, -9}, {-8, -11, -1, -5}, {9, -3, 5, 6},
    {-6, -3, 2, 1}, {3, -3, 6, 3}, {-10, -1, -6, -11}, {-3, -5, 0, 4}, {4, -2, 3, 3},
    {-2, -6, 3, -5}, {1, 2, -10, 2}, {-9, -9, 10, -7}, {10, -7, 4, -7}, {3, 14, -5, -1},
    {4, -3, -1, 1}, {1, 6, 2, 1}, {0, 8, 13, -5}, {-7, -6, 2, -6}, {-2, 3, -2, -6}, {-2, 6, -11, 7},
    {3, -11, 2, -3}, {-1, 3, 5, 8}, {5, 0, 2, 7}, {2, 4, 8, 2}, {0, -3, 5, 4}, {6, -11, -4, -7},
    {3, 13, -3, -1}, {6, -1, 3, -6}, {-10, -5, -2, -9}, {9, -1, -2, 2}, {-8, 11, -6, 0},
};

/* Cosines of the directions of a quarter, in 1/16384. */
static const int16_t COSINE[QUARTER + 1] = {16384, 16305, 16069, 15679, 15137, 14449, 13623, 12665, 11585, 10394, 9102, 7723, 6270, 4756, 3196, 1606, 0};

/* Cosine and sine of the limits between them: half a step further. */
static const int16_t LIMIT[QUARTER][2] = {
    {16364, 804}, {16207, 2404}, {15893, 3981}, {15426, 5520}, {14811, 7005}, {14053, 8423},
    {13160, 9760}, {12140, 11003}, {11003, 12140}, {9760, 13160}, {8423, 14053}, {7005, 14811},
    {5520, 15426}, {3981, 15893}, {2404, 16207}, {804, 16364}};

/* The boxes of the centroid lie three pixels apart, 89 within 15.6 of the point: of each row, how far. */
static const int8_t HALF_WIDTH[11] = {1, 3, 4, 4, 5, 5, 5, 4, 4, 3, 1};

/* Sums of boxes, and of each direction that was met, what its pairs are from a point on. */
typedef struct {
  uint16_t *boxes; /* by their centres, of all pixels 2 or more from the border */
  int64_t width;
  uint16_t *met;    /* of each direction: 1 once its turned pairs are there */
  int8_t *turned;   /* as PAIRS, of each direction */
} describer;

static_assert(25 * 255 <= UINT16_MAX, "a box fits");

/* --- boxes --- */

static void add_rows(const ob_image *image, int64_t y, uint16_t *columns) {
  const uint8_t *const middle = image->pixels + y * image->stride;
  for (int64_t x = 0; x < image->width; x++) {
    const uint8_t *const p = middle + x;
    columns[x] = (uint16_t)(p[-2 * image->stride] + p[-image->stride] + p[0] + p[image->stride] +
                            p[2 * image->stride]);
  }
}

static void fill_boxes(const ob_image *image, uint16_t *restrict columns, uint16_t *restrict boxes) {
  for (int64_t y = 2; y < image->height - 2; y++) {
    add_rows(image, y, columns);
    uint16_t *const row = boxes + y * image->width;
    for (int64_t x = 2; x < image->width - 2; x++) {
      row[x] = (uint16_t)(columns[x - 2] + columns[x - 1] + columns[x] + columns[x + 1] +
                          columns[x + 2]);
    }
  }
}

/* --- direction --- */

/* The nearest of those of the first quarter, or the first of the next; x > 0, y >= 0. */
static int64_t in_quarter(int64_t x, int64_t y) {
  int64_t direction = 0;
  while (direction < QUARTER && y * LIMIT[direction][0] >= x * LIMIT[direction][1]) {
    direction++;
  }
  return direction;
}

static int64_t direction_of(int64_t x, int64_t y) {
  if (x == 0 && y == 0) {
    return 0;
  }
  int64_t quarters = 0;
  for (; x <= 0 || y < 0; quarters++) { /* turn it back by a quarter, at most three times */
    const int64_t turned = -x;
    x = y;
    y = turned;
  }
  return (quarters * QUARTER + in_quarter(x, y)) % OB_DIRECTIONS;
}

static int64_t direction_at(const uint16_t *box, int64_t width) {
  int64_t sum_x = 0, sum_y = 0;
  for (int64_t y = -5; y <= 5; y++) {
    const int64_t half = HALF_WIDTH[y + 5];
    for (int64_t x = -half; x <= half; x++) {
      const int64_t sum = box[3 * (y * width + x)];
      sum_x += x * sum;
      sum_y += y * sum;
    }
  }
  return direction_of(sum_x, sum_y);
}

/* --- bits --- */

static int64_t cosine(int64_t direction) {
  const int64_t d = direction % OB_DIRECTIONS, half = OB_DIRECTIONS / 2;
  const int64_t folded = d > half ? OB_DIRECTIONS - d : d;
  return folded > QUARTER ? -COSINE[half - folded] : COSINE[folded];
}

/* To the nearest pixel, of halves away from 0, so that a half turn only changes signs. */
static int8_t nearest(int64_t scaled) {
  return (int8_t)((scaled + (scaled < 0 ? -ONE / 2 : ONE / 2)) / ONE);
}

static void turn_pairs(int64_t direction, int8_t *turned) {
  const int64_t c = cosine(direction), s = cosine(direction + 3 * QUARTER);
  for (int64_t i = 0; i < 2 * BITS; i++) {
    const int64_t x = PAIRS[i / 2][i % 2 * 2], y = PAIRS[i / 2][i % 2 * 2 + 1];
    turned[2 * i] = nearest(c * x - s * y);
    turned[2 * i + 1] = nearest(s * x + c * y);
  }
}

static void describe_at(const describer *d, const uint16_t *box, ob_description *description) {
  const int64_t direction = direction_at(box, d->width);
  int8_t *const turned = d->turned + direction * 4 * BITS;
  if (!d->met[direction]) {
    turn_pairs(direction, turned);
    d->met[direction] = 1;
  }
  description->direction = (int32_t)direction;
  for (int64_t octet = 0; octet < OB_DESCRIPTOR_OCTETS; octet++) {
    uint32_t bits = 0;
    for (int64_t bit = 0; bit < 8; bit++) {
      const int8_t *const pair = turned + (8 * octet + bit) * 4;
      bits |= (uint32_t)(box[pair[1] * d->width + pair[0]] < box[pair[3] * d->width + pair[2]]) << bit;
    }
    description->bits[octet] = (uint8_t)bits;
  }
}

/* --- all --- */

int64_t ob_describe_workspace(int64_t width, int64_t height) {
  return width * height + width + OB_DIRECTIONS + OB_DIRECTIONS * 4 * BITS / 2;
}

static int64_t is_inside(const ob_image *image, const ob_corner *point) {
  return point->x >= OB_DESCRIPTOR_MARGIN && point->x < image->width - OB_DESCRIPTOR_MARGIN &&
         point->y >= OB_DESCRIPTOR_MARGIN && point->y < image->height - OB_DESCRIPTOR_MARGIN;
}

int64_t ob_describe(const ob_image *image, const ob_corner *points, int64_t count,
                    ob_description *descriptions, int64_t *described, uint16_t *workspace) {
  if (!ob_image_is_sound(image) || image->width > OB_DESCRIBE_SIDE_MAX ||
      image->height > OB_DESCRIBE_SIDE_MAX) {
    return OB_DESCRIBE_BAD_IMAGE;
  }
  uint16_t *const columns = workspace + image->width * image->height;
  uint16_t *const met = columns + image->width;
  const describer d = {workspace, image->width, met, (int8_t *)(met + OB_DIRECTIONS)};
  memset(met, 0, OB_DIRECTIONS * sizeof *met);
  fill_boxes(image, columns, workspace);
  *described = 0;
  for (int64_t i = 0; i < count; i++) {
    if (is_inside(image, &points[i])) {
      ob_description *const description = &descriptions[(*described)++];
      description->point = (int32_t)i;
      describe_at(&d, d.boxes + points[i].y * d.width + points[i].x, description);
    }
  }
  return OB_DESCRIBE_OK;
}
