#define OB_FEATURE_LEVELS_MAX ...
#define OB_FEATURES_MAX ...
typedef struct {
  double x, y, size;
  int32_t direction;
  uint8_t bits[32];
} ob_feature;
enum {
  OB_FEATURES_OK,
  OB_FEATURES_BAD_IMAGE,
  OB_FEATURES_BAD_THRESHOLD,
  OB_FEATURES_BAD_COUNT,
  OB_FEATURES_BAD_LEVELS
};
int64_t ob_features_workspace(int64_t width, int64_t height, int64_t count);
int64_t ob_features_find(const ob_image *image, int64_t threshold, int64_t levels, int64_t count,
                         ob_feature *features, int64_t *found, int64_t *workspace, int64_t simd);
