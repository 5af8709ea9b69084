typedef struct {
  double position_mci_m[3];
  double velocity_mci_m_s[3];
  double q_mci_from_body[4];
  double rate_body_rad_s[3];
  double mass_kg;
} pl_body;

typedef struct {
  double dry_kg;
  double propellant_full_kg;
  double inertia_dry_kg_m2[3];
  double inertia_full_kg_m2[3];
} pl_mass;

typedef struct {
  double force_body_n[3];
  double torque_body_n_m[3];
  double mass_flow_kg_s;
} pl_wrench;

typedef struct {
  double angle_rad[3];
  double velocity_m_s[3];
} pl_increment;

void pl_mass_inertia(const pl_mass *mass, double total_kg, double *inertia_kg_m2);
void pl_body_step(pl_body *body, const pl_mass *mass, const pl_wrench *wrench,
                  const double *C_mcmf_from_mci, double dt_s, pl_increment *felt);
uint64_t pl_body_hash(uint64_t hash, const pl_body *body);
