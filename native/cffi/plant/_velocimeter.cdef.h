typedef struct {
  double altitude_minimum_m, altitude_maximum_m;
  double tilt_maximum_rad;
  double noise_m_s;
  double noise_proportional;
  double scale;
  double misalignment_rad;
  double dropout_probability;
} pl_velocimeter_spec;

typedef struct {
  double misalignment_rad[3];
  double scale;
  ...;
} pl_velocimeter;

void pl_velocimeter_init(pl_velocimeter *v, const pl_velocimeter_spec *spec, uint64_t seed,
                         uint64_t stream);
void pl_velocimeter_step(pl_velocimeter *v, const double *velocity_body_m_s, double altitude_m,
                         double cosine_tilt, int64_t time_ns, pl_velocity_row *row);
