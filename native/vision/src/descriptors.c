#include "vision/descriptors.h"

#include <assert.h>

#include "vision/simd.h"

#define BITS (8 * OB_DESCRIPTOR_OCTETS)
#define QUARTER (OB_DIRECTIONS / 4)
#define REACH 15
#define COLUMNS (2 * (REACH + 1)) /* of the circle, and one more that does not count */

#include "descriptor_pairs.h"

/* Cosines of the directions of a quarter, in 1/1024. */
static const int16_t COSINE[QUARTER + 1] = {
    1024, 1024, 1023, 1021, 1019, 1016, 1013, 1009, 1004, 999, 993, 987, 980, 972, 964, 955, 946,
    936, 926, 915, 903, 891, 878, 865, 851, 837, 822, 807, 792, 775, 759, 742, 724, 706, 688, 669,
    650, 630, 610, 590, 569, 548, 526, 505, 483, 460, 438, 415, 392, 369, 345, 321, 297, 273, 249,
    224, 200, 175, 150, 125, 100, 75, 50, 25, 0,
};

/* Cosine and sine of the limits between them, half a step further, in 1/16384. */
static const int16_t LIMIT[QUARTER][2] = {
    {16383, 201}, {16373, 603}, {16353, 1005}, {16324, 1406}, {16284, 1806}, {16235, 2205},
    {16176, 2603}, {16107, 2999}, {16029, 3393}, {15941, 3786}, {15843, 4176}, {15736, 4563},
    {15619, 4948}, {15493, 5330}, {15357, 5708}, {15213, 6084}, {15059, 6455}, {14896, 6823},
    {14724, 7186}, {14543, 7545}, {14354, 7900}, {14155, 8250}, {13949, 8595}, {13733, 8935},
    {13510, 9269}, {13279, 9598}, {13039, 9921}, {12792, 10238}, {12537, 10549}, {12274, 10853},
    {12004, 11151}, {11727, 11442}, {11442, 11727}, {11151, 12004}, {10853, 12274}, {10549, 12537},
    {10238, 12792}, {9921, 13039}, {9598, 13279}, {9269, 13510}, {8935, 13733}, {8595, 13949},
    {8250, 14155}, {7900, 14354}, {7545, 14543}, {7186, 14724}, {6823, 14896}, {6455, 15059},
    {6084, 15213}, {5708, 15357}, {5330, 15493}, {4948, 15619}, {4563, 15736}, {4176, 15843},
    {3786, 15941}, {3393, 16029}, {2999, 16107}, {2603, 16176}, {2205, 16235}, {1806, 16284},
    {1406, 16324}, {1005, 16353}, {603, 16373}, {201, 16383},
};

/* The centroid is that of the pixels within 15.5 of the point: of each row, how far. */
static const int16_t HALF_WIDTH[REACH + 1] = {15, 15, 15, 15, 14, 14, 14, 13, 13, 12, 11, 10, 9, 8, 6, 3};

static_assert((int64_t)255 * REACH * (REACH + 1) / 2 <= INT16_MAX, "moments of a column fit");
static_assert(25 * 255 <= UINT16_MAX, "a box fits");

/* --- direction --- */

/* The nearest of those of the first quarter, or the first of the next; x > 0, y >= 0. */
static int64_t in_quarter(int64_t x, int64_t y) {
  int64_t first = 0, end = QUARTER;
  while (first < end) {
    const int64_t middle = (first + end) / 2;
    if (y * LIMIT[middle][0] >= x * LIMIT[middle][1]) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
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

/* --- bits --- */

static int16_t cosine(int64_t direction) {
  const int64_t d = direction % OB_DIRECTIONS, half = OB_DIRECTIONS / 2;
  const int64_t folded = d > half ? OB_DIRECTIONS - d : d;
  return folded > QUARTER ? (int16_t)-COSINE[half - folded] : COSINE[folded];
}

/* To the nearest pixel, of halves away from 0, so that a half turn only changes signs. */
static int16_t nearest(int16_t scaled) { return (int16_t)((scaled + 512 + (scaled >> 15)) >> 10); }

/* --- all --- */

#define TARGET
#define ROWS(name) name##_plain
#include "descriptor_rows.h"
#undef TARGET
#undef ROWS
#if OB_HAS_X86
#define TARGET OB_AVX2
#define ROWS(name) name##_avx2
#include "descriptor_rows.h"
#undef TARGET
#undef ROWS
#endif

int64_t ob_describe_workspace(int64_t width, int64_t height) { return width * height + width; }

int64_t ob_can_describe(const ob_image *image, const ob_corner *point) {
  return point->x >= OB_DESCRIPTOR_MARGIN && point->x < image->width - OB_DESCRIPTOR_MARGIN &&
         point->y >= OB_DESCRIPTOR_MARGIN && point->y < image->height - OB_DESCRIPTOR_MARGIN;
}

int64_t ob_describe(const ob_image *image, const ob_corner *points, int64_t count,
                    ob_description *descriptions, int64_t *described, uint16_t *workspace, int64_t simd) {
  if (!ob_image_is_sound(image) || image->width > OB_DESCRIBE_SIDE_MAX ||
      image->height > OB_DESCRIBE_SIDE_MAX) {
    return OB_DESCRIBE_BAD_IMAGE;
  }
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    *described = describe_all_avx2(image, points, count, descriptions, workspace);
    return OB_DESCRIBE_OK;
  }
#else
  (void)simd;
#endif
  *described = describe_all_plain(image, points, count, descriptions, workspace);
  return OB_DESCRIBE_OK;
}
