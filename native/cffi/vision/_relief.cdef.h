#define OB_RELIEF_SIDE_MAX ...
typedef struct {
  double x0_m, y0_m, spacing_m;
  int64_t columns, rows;
  const float *height_m;
} ob_relief;
typedef struct {
  double to_sun[3], to_viewer[3], lommel_seeliger, mean_level;
} ob_relief_light;
enum { OB_RELIEF_OK, OB_RELIEF_BAD_GRID, OB_RELIEF_BAD_LIGHT };
int64_t ob_relief_workspace(const ob_relief *ground);
int64_t ob_relief_shade(const ob_relief *ground, const float *albedo, const ob_relief_light *light,
                        uint8_t *grey, float *workspace);
