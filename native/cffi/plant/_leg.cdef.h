typedef struct {
  double foot_body_m[4][3];
  double stiffness_n_m;
  double damping_n_s_m;
  double friction;
  double tangential_stiffness_n_m;
  double tangential_damping_n_s_m;
  double stroke_m;
  double switch_compression_m;
} pl_leg_spec;
