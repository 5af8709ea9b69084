/* Oriented binary descriptors of 256 bits, for matching by hamming.h.
 *
 * Steered BRIEF (Calonder et al. 2010; Rublee et al. 2011, "ORB: an efficient alternative to SIFT or
 * SURF"): each bit tells which of two boxes of 5 x 5 pixels, within 15 pixels of the point, is darker. The
 * pairs are turned by the direction of the point, one of 256: that from it to the centroid of intensity
 * (Rosin 1999), of the pixels within 15.5 of it. The pairs are learned from rendered ground: bits that
 * are 1 for half of the points, as little correlated as can be (Rublee et al., section 4.3;
 * tests/descriptor_pairs.py). One scale: features.h has more.
 *
 * Only integers: sums of boxes, products with cosines in 1/1024, comparisons.
 */
#ifndef VISION_DESCRIPTORS_H
#define VISION_DESCRIPTORS_H

#include "vision/corners.h"
#include "vision/hamming.h"
#include "vision/image.h"

#define OB_DIRECTIONS 256         /* direction d: d / 256 of a turn from x to y */
#define OB_DESCRIPTOR_MARGIN 18   /* pixels between a point and the border of the image */
#define OB_DESCRIBE_SIDE_MAX 4096 /* of an image */

typedef struct {
  int32_t point;     /* its index */
  int32_t direction; /* 0 to OB_DIRECTIONS - 1 */
  uint8_t bits[OB_DESCRIPTOR_OCTETS];
} ob_description;

enum { OB_DESCRIBE_OK = 0, OB_DESCRIBE_BAD_IMAGE = 1 };

/* How many 16-bit integers of workspace an image needs: one for each pixel, and for a row. */
int64_t ob_describe_workspace(int64_t width, int64_t height);

/* 1 if the point is OB_DESCRIPTOR_MARGIN or more from the border. */
int64_t ob_can_describe(const ob_image *image, const ob_corner *point);

/* Describes those of `points` (only x and y are read) that are OB_DESCRIPTOR_MARGIN or more from the
 * border, in their order; `descriptions` has room for all. `described` is how many they are. Returns
 * OB_DESCRIBE_OK, or OB_DESCRIBE_BAD_IMAGE with nothing written. */
int64_t ob_describe(const ob_image *image, const ob_corner *points, int64_t count,
                    ob_description *descriptions, int64_t *described, uint16_t *workspace, int64_t simd);

#endif
