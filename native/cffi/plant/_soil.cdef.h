typedef struct {
  double cohesive_modulus_n_m2;
  double frictional_modulus_n_m3;
  double cohesion_pa;
  double friction_rad;
  double shear_modulus_m;
  double sinkage_damping_n_s_m;
  double shear_damping_n_s_m;
} pl_soil;

typedef struct {
  double radius_m;
  double width_m;
} pl_wheel_shape;

typedef struct {
  double shear_m[2];
} pl_wheel_contact;

typedef struct {
  double sinkage_m;
  double sinking_m_s;
  double tread_m_s;
  double hub_m_s[2];
} pl_wheel_motion;

typedef struct {
  double normal_n;
  double traction_n[2];
  double compaction_n;
} pl_wheel_force;

double pl_soil_load_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_sinkage_m(const pl_soil *soil, const pl_wheel_shape *wheel, double load_n);
double pl_soil_compaction_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_contact_m(const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_strength_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m,
                          double load_n);
double pl_soil_mobilised(const pl_soil *soil, double shear_m);
void pl_soil_step(const pl_soil *soil, const pl_wheel_shape *wheel, pl_wheel_contact *contact,
                  const pl_wheel_motion *motion, double dt_s, pl_wheel_force *force);
