#define OB_IMAGE_SIDE_MAX ...
typedef struct {
  const uint8_t *pixels;
  int64_t width, height, stride;
} ob_image;
