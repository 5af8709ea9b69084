#define OB_PYRAMID_LEVELS_MAX ...
#define OB_PYRAMID_MARGIN ...
#define OB_PYRAMID_SLACK ...
typedef struct {
  ob_image level[8];
  int64_t levels;
} ob_pyramid;
enum { OB_PYRAMID_OK, OB_PYRAMID_BAD_IMAGE, OB_PYRAMID_BAD_LEVELS };
int64_t ob_pyramid_storage(int64_t width, int64_t height, int64_t levels);
int64_t ob_pyramid_build(const ob_image *image, int64_t levels, ob_pyramid *pyramid, uint8_t *storage,
                         int64_t simd);
