/* A grey image of octets, row by row. */
#ifndef VISION_IMAGE_H
#define VISION_IMAGE_H

#include <stdint.h>

#define OB_IMAGE_SIDE_MAX 16384

typedef struct {
  const uint8_t *pixels; /* of the first row, which the caller keeps */
  int64_t width, height; /* 0 to OB_IMAGE_SIDE_MAX */
  int64_t stride;        /* octets from a row to the next, at least width */
} ob_image;

/* 1 if the sides and the stride are within their bounds. */
static inline int64_t ob_image_is_sound(const ob_image *image) {
  return image->width >= 0 && image->width <= OB_IMAGE_SIDE_MAX && image->height >= 0 &&
         image->height <= OB_IMAGE_SIDE_MAX && image->stride >= image->width &&
         image->stride <= INT32_MAX;
}

#endif
