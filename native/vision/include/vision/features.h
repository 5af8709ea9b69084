/* Oriented binary features over scales: where, how large, which way, and 256 bits for matching by
 * hamming.h.
 *
 * On each of up to 8 levels, each five sixths of the one below (scaling.h): corners by the segment test,
 * the strongest of each cell of 32 x 32 pixels (corners.h); of these twice as many as wanted by their
 * score, and of those the wanted by Harris's measure over 7 x 7 pixels (Harris and Stephens 1988; in this
 * order Rublee et al. 2011), which are described (descriptors.h). The levels share the count by their
 * sides; what a level does not use is left to the coarser ones.
 *
 * Only integers, but for coordinates. The time is bounded by the pixels and the count.
 */
#ifndef VISION_FEATURES_H
#define VISION_FEATURES_H

#include "vision/corners.h"
#include "vision/descriptors.h"
#include "vision/image.h"

#define OB_FEATURE_LEVELS_MAX 8
#define OB_FEATURES_MAX 65536

typedef struct {
  double x, y;       /* column and row, pixels of the image */
  double size;       /* pixels of the image in one of its level: 1.2 to the power of the level */
  int32_t direction; /* in 1 / OB_DIRECTIONS of a turn */
  uint8_t bits[OB_DESCRIPTOR_OCTETS];
} ob_feature;

enum {
  OB_FEATURES_OK = 0,
  OB_FEATURES_BAD_IMAGE = 1,     /* sides or stride, or a side above OB_DESCRIBE_SIDE_MAX */
  OB_FEATURES_BAD_THRESHOLD = 2, /* of corners: not 0 to 255 */
  OB_FEATURES_BAD_COUNT = 3,     /* not 1 to OB_FEATURES_MAX */
  OB_FEATURES_BAD_LEVELS = 4,    /* not 1 to OB_FEATURE_LEVELS_MAX */
};

/* How many 64-bit integers of workspace an image of at most OB_DESCRIBE_SIDE_MAX a side needs: some 0.7
 * for each pixel. */
int64_t ob_features_workspace(int64_t width, int64_t height, int64_t count);

/* At most `count` features, level by level, on each by cells of 32 x 32 pixels. */
int64_t ob_features_find(const ob_image *image, int64_t threshold, int64_t levels, int64_t count,
                         ob_feature *features, int64_t *found, int64_t *workspace, int64_t simd);

#endif
