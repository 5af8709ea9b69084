typedef struct {
  double boresight_body[3];
  double noise_cross_rad;
  double noise_roll_rad;
  double misalignment_rad;
  double rate_maximum_rad_s;
  double limb_exclusion_rad;
  double dropout_probability;
} pl_star_tracker_spec;

typedef struct {
  double misalignment_rad[3];
  ...;
} pl_star_tracker;

void pl_star_tracker_init(pl_star_tracker *s, const pl_star_tracker_spec *spec, uint64_t seed,
                          uint64_t stream);
void pl_star_tracker_step(pl_star_tracker *s, const double *q_mci_from_body,
                          const double *rate_body_rad_s, const double *position_mci_m,
                          int64_t burning, int64_t time_ns, pl_attitude_row *row);
