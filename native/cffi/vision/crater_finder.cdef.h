typedef struct {
  double pixel[2], radius_px, correlation, shape_px[3], covariance[25];
} ob_found_crater;
typedef struct {
  double sun_image[2], ground_to_image[4], radius_min_px, radius_max_px, correlation_min;
  int64_t fit_rim;
  double sun_elevation_rad;
  int64_t simd;
} ob_crater_finder_settings;
#define OB_CRATER_FINDER_IMAGE_MIN ...
#define OB_CRATER_FINDER_IMAGE_MAX ...
enum { OB_CRATER_FINDER_OK, OB_CRATER_FINDER_BAD_IMAGE, OB_CRATER_FINDER_BAD_SETTINGS };
int64_t ob_crater_finder_workspace_octets(int64_t width, int64_t height);
int64_t ob_crater_find(const ob_image *image, const ob_crater_finder_settings *settings, void *workspace,
                       ob_found_crater *craters, int64_t capacity, int64_t *count);
