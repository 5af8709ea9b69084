typedef struct {
  double unit_mcmf[3];
  double diameter_m;
  double depth_m;
  double age;
} pl_crater;

typedef struct {
  double per_m[14];
  double amplitude_m[14];
  ...;
} pl_roughness;

typedef struct {
  double diameter_min_m;
  int64_t cells;
  double cdf[12];
  double age_max;
  double density_per_m2;
  ...;
} pl_octave;

typedef struct {
  pl_octave octave[14];
} pl_population;

typedef struct {
  double height[2][17][67];
} pl_profile_table;

typedef struct {
  const double *younger, *older;
  double blend;
  double depth_m;
  double per_radius_m;
} pl_profile;

typedef struct {
  uint64_t seed;
  pl_profile_table profiles;
  pl_population population;
  pl_roughness roughness;
  ...;
} pl_terrain;

typedef struct {
  int64_t face;
  double place[2];
} pl_face_place;

#define PL_CATALOGUE_STARTS ...
static const double PL_CATALOGUE_DIAMETER_MAX_M;

void pl_profile_table_init(pl_profile_table *table);
double pl_crater_fresh_depth_m(double diameter_m);
void pl_profile_init(pl_profile *p, const pl_profile_table *table, double diameter_m, double depth_m,
                     double age);
double pl_profile_height_m(const pl_profile *p, double distance_m);
typedef struct {
  double depth_m;
  double crest_height_m;
  double crest_diameter_m;
} pl_crater_shape;

pl_crater_shape pl_profile_shape(const pl_profile *p);
void pl_crater_shapes(const pl_profile_table *table, const pl_crater *craters, int64_t n,
                      pl_crater_shape *out);

double pl_production_per_m2(double diameter_m);
double pl_equilibrium_per_m2(double diameter_m);
int pl_face_places(const double unit_mcmf[3], pl_face_place places[3]);
void pl_face_unit(const pl_face_place *place, double unit_mcmf[3]);
int64_t pl_population_box(const pl_population *p, int octave, const double (*box_units)[3],
                          int32_t units, double margin_m, pl_crater *out, int64_t capacity);

int64_t pl_catalogue_index(const pl_crater *catalogue, int64_t count, int32_t *start, int32_t *index,
                           int64_t capacity);
void pl_terrain_init(pl_terrain *terrain, uint64_t seed, const int16_t *base, int64_t base_rows,
                     int64_t base_columns, double base_unit_m, const pl_crater *catalogue,
                     int64_t catalogue_count, const int32_t *catalogue_start, const int32_t *catalogue_index);
double pl_terrain_height_m(const pl_terrain *terrain, const double unit_mcmf[3], double resolution_m);
void pl_terrain_heights_m(const pl_terrain *terrain, const double (*unit_mcmf)[3], int64_t n,
                          double resolution_m, double *height_m);
void pl_terrain_normal(const pl_terrain *terrain, const double unit_mcmf[3], double resolution_m,
                       double normal_mcmf[3]);
int pl_terrain_raycast(const pl_terrain *terrain, const double origin_mcmf_m[3],
                       const double direction_mcmf[3], double max_range_m, double resolution_m,
                       double *range_m);
double pl_terrain_base_m(const pl_terrain *terrain, const double unit_mcmf[3]);
double pl_terrain_catalogue_m(const pl_terrain *terrain, const double unit_mcmf[3],
                              double resolution_m);
double pl_catalogue_depth_m(const pl_crater *crater);
