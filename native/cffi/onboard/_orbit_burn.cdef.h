typedef enum {
  OB_ORBIT_BURN_IDLE = 0,
  OB_ORBIT_BURN_SETTLING = 1,
  OB_ORBIT_BURN_BURNING = 2,
  OB_ORBIT_BURN_DONE = 3,
  OB_ORBIT_BURN_REFUSED = 4
} ob_orbit_burn_state;

typedef struct {
  double throttle;
  double settle_s;
  double felt_share;
  double timer_share;
  double scale_band;
  double lag_s;
} ob_orbit_burn_params;

typedef struct {
  ob_orbit_burn_params params;
  int64_t state;
  double wanted_m_s;
  double gained_m_s;
  double modelled_m_s;
  double elapsed_s;
  double limit_s;
  int64_t short_steps;
} ob_orbit_burn;

void ob_orbit_burn_init(ob_orbit_burn *burn, const ob_orbit_burn_params *params);

void ob_orbit_burn_start(ob_orbit_burn *burn, double wanted_m_s);

int64_t ob_orbit_burn_burns(const ob_orbit_burn *burn);

double ob_orbit_burn_step(ob_orbit_burn *burn, double felt_m_s, double model_m_s2, double steady_m_s2);

uint64_t ob_orbit_burn_hash(const ob_orbit_burn *burn, uint64_t hash);
