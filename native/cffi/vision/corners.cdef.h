#define OB_CORNERS_PER_CELL_MAX ...
typedef struct {
  int16_t x, y;
  int32_t score;
} ob_corner;
enum { OB_CORNERS_OK, OB_CORNERS_BAD_IMAGE, OB_CORNERS_BAD_THRESHOLD, OB_CORNERS_BAD_CELL };
int64_t ob_corners_workspace(int64_t width);
int64_t ob_corners_find(const ob_image *image, int64_t threshold, int64_t suppress, ob_corner *corners,
                        int64_t capacity, int64_t *found, ob_corner *workspace, int64_t simd);
int64_t ob_corners_cells(int64_t width, int64_t height, int64_t side);
int64_t ob_corners_spread(const ob_image *image, int64_t threshold, int64_t side, int64_t per_cell,
                          ob_corner *corners, int64_t *counts, int64_t *found, ob_corner *workspace,
                          int64_t simd);
