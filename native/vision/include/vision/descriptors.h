/* Oriented binary descriptors of 256 bits, for matching by hamming.h.
 *
 * Steered BRIEF (Calonder et al. 2010; Rublee et al. 2011, "ORB: an efficient alternative to SIFT or
 * SURF"): each bit tells which of two boxes of 5 x 5 pixels, within 15 pixels of the point, is darker. The
 * pairs are turned by the direction of the point, one of 64: that from it to the centroid of intensity
 * (Rosin 1999), of the 89 boxes, three pixels apart, within 15.6 of it. The pairs are drawn by a fixed
 * generator (SplitMix64 from 256): coordinates are sums of four uniform integers of -5 to 5, at most 15
 * pixels from the point, and 5 or more from each other. One scale: whoever wants more gives the image at
 * several sizes.
 *
 * Only integers: sums of boxes, products with cosines in 1/16384, comparisons.
 */
#ifndef VISION_DESCRIPTORS_H
#define VISION_DESCRIPTORS_H

#include "vision/corners.h"
#include "vision/hamming.h"
#include "vision/image.h"

#define OB_DIRECTIONS 64          /* direction d: d / 64 of a turn from x to y */
#define OB_DESCRIPTOR_MARGIN 18   /* pixels between a point and the border of the image */
#define OB_DESCRIBE_SIDE_MAX 4096 /* of an image */

typedef struct {
  int32_t point;     /* its index */
  int32_t direction; /* 0 to OB_DIRECTIONS - 1 */
  uint8_t bits[OB_DESCRIPTOR_OCTETS];
} ob_description;

enum { OB_DESCRIBE_OK = 0, OB_DESCRIBE_BAD_IMAGE = 1 };

/* How many 16-bit integers of workspace an image needs: one for each pixel, and 66,000. */
int64_t ob_describe_workspace(int64_t width, int64_t height);

/* Describes those of `points` (only x and y are read) that are OB_DESCRIPTOR_MARGIN or more from the
 * border, in their order; `descriptions` has room for all. `described` is how many they are. Returns
 * OB_DESCRIBE_OK, or OB_DESCRIBE_BAD_IMAGE with nothing written. */
int64_t ob_describe(const ob_image *image, const ob_corner *points, int64_t count,
                    ob_description *descriptions, int64_t *described, uint16_t *workspace);

#endif
