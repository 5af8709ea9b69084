typedef struct {
  double position_body_m[3];
  double direction_body[3];
  double minimum_m, maximum_m;
  double link_m;
  double noise_m;
  double noise_proportional;
  double bias_m;
  double scale;
  double misalignment_rad;
  double divergence_rad;
  double incidence_maximum_rad;
  double dropout_probability;
} pl_rangefinder_spec;

typedef struct {
  double direction_body[3];
  double bias_m, scale;
  ...;
} pl_rangefinder;
