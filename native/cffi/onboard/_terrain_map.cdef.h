#define OB_MAP_GRIDS 4

typedef struct {
  double along0_m, cross0_m;
  double spacing_m;
  double sigma_m;
  int64_t n_along, n_cross;
  const float *height_m;
} ob_map_grid;

typedef struct {
  ob_map_grid grid[4];
  int64_t count;
  ob_corridor corridor;
} ob_terrain_map;

int32_t ob_map_grid_at(const ob_terrain_map *map, double along_m, double cross_m);
double ob_map_height_m(const ob_terrain_map *map, double along_m, double cross_m, double *sigma_m);
void ob_map_normal(const ob_terrain_map *map, double along_m, double cross_m, double baseline_m,
                   double normal_mcmf[3]);
void ob_map_scatter(const ob_terrain_map *map, double along_m, double cross_m, double sigma_m,
                    double *offset_m, double *scatter_m);
void ob_map_relief(const ob_terrain_map *map, double along_m, double cross_m, double radius_m,
                   double *lowest_m, double *highest_m);
int ob_map_raycast(const ob_terrain_map *map, const double origin_mcmf[3],
                   const double direction_mcmf[3], double max_range_m, double *range_m,
                   double *sigma_m);
