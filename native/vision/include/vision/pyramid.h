/* A pyramid of images, each half as wide and as high as the one below it, with margins.
 *
 * Smoothed by 1 4 6 4 1 along rows and columns before every second pixel is taken (Burt and Adelson
 * 1983), in integers, rounded once: (sum + 128) / 256. Beyond its borders an image goes on as its mirror
 * image about the outermost pixel. These are the levels of OpenCV's pyrDown, bit for bit. Pixel (x, y)
 * of a level lies at (2x, 2y) of the level below.
 *
 * Every level is kept with a margin of that mirror image, so that whoever looks at a window near the
 * border reads what is there.
 */
#ifndef VISION_PYRAMID_H
#define VISION_PYRAMID_H

#include "vision/image.h"
#include "vision/simd.h"

#define OB_PYRAMID_LEVELS_MAX 8
#define OB_PYRAMID_MARGIN 32 /* pixels around each level */
#define OB_PYRAMID_SLACK 64  /* octets behind the last margin, for wide loads */

typedef struct {
  ob_image level[OB_PYRAMID_LEVELS_MAX]; /* the image itself first */
  int64_t levels;
} ob_pyramid;

enum {
  OB_PYRAMID_OK = 0,
  OB_PYRAMID_BAD_IMAGE = 1,  /* sides or stride, or without a pixel */
  OB_PYRAMID_BAD_LEVELS = 2, /* not 1 to OB_PYRAMID_LEVELS_MAX */
};

/* Octets of storage for the pyramid of an image: 1.4 for each pixel and its margin. */
int64_t ob_pyramid_storage(int64_t width, int64_t height, int64_t levels);

/* Copies the image into the storage, which must outlive the pyramid, and makes the levels above it. */
int64_t ob_pyramid_build(const ob_image *image, int64_t levels, ob_pyramid *pyramid, uint8_t *storage,
                         int64_t simd);

#endif
