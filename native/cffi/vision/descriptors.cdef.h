#define OB_DIRECTIONS ...
#define OB_DESCRIPTOR_MARGIN ...
#define OB_DESCRIBE_SIDE_MAX ...
typedef struct {
  int32_t point, direction;
  uint8_t bits[32];
} ob_description;
enum { OB_DESCRIBE_OK, OB_DESCRIBE_BAD_IMAGE };
int64_t ob_describe_workspace(int64_t width, int64_t height);
int64_t ob_describe(const ob_image *image, const ob_corner *points, int64_t count,
                    ob_description *descriptions, int64_t *described, uint16_t *workspace, int64_t simd);
