typedef struct {
  double focal_px;
  double center_column_px, center_row_px;
  int64_t width, height;
  double q_body_from_camera[4];
  double position_body_m[3];
} ob_camera;

typedef struct {
  double spacing_m, per_m;
  int64_t i0, j0, ni, nj;
  int64_t sum_low, sum_high, difference_low, difference_high;
  float *height_m;
  float *shade;
} pl_relief_level;

typedef struct {
  const pl_terrain *terrain;
  double origin_radius_m;
  double C_plane_from_mcmf[9];
  double sun_slope;
  double sun_plane[3];
  int64_t levels;
  pl_relief_level level[14];
} pl_relief;

typedef struct {
  double exposure_s;
  double electrons_per_s;
  double full_well_e;
  double read_noise_e;
  double blur;
} pl_sensor;

typedef struct {
  double position_mcmf_m[3];
  double q_mcmf_from_camera[4];
  double sun_mcmf[3];
} pl_view;

void pl_relief_init(pl_relief *relief, const pl_terrain *terrain, const double unit_mcmf[3],
                    const double sun_mcmf[3]);
int64_t pl_relief_layout(pl_relief *relief, double spacing_m, int64_t levels, 
                         const double (*octagon_m)[8]);
void pl_relief_build(pl_relief *relief, float *memory);
void pl_relief_from_mcmf(const pl_relief *relief, const double r_mcmf_m[3], double out_m[3]);
int64_t pl_render_memory(const ob_camera *camera);
int pl_render(pl_relief *relief, const pl_terrain *terrain, const ob_camera *camera, const pl_view *view,
              const pl_sensor *sensor, uint64_t seed, float *memory, int64_t capacity, uint8_t *image);
double pl_phase_function(double cos_phase);
double pl_reflectance(double mu0, double mu, double cos_phase);
