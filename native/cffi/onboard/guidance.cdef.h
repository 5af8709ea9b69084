typedef enum {
  OB_GUIDANCE_IDLE = 0,
  OB_GUIDANCE_COAST = 1,
  OB_GUIDANCE_BRAKING = 2,
  OB_GUIDANCE_APPROACH = 3,
  OB_GUIDANCE_VERTICAL = 4,
  OB_GUIDANCE_SHUTDOWN = 5
} ob_guidance_phase;

typedef enum {
  OB_GUIDANCE_HOLD = 0,
  OB_GUIDANCE_RUN = 1,
  OB_GUIDANCE_STOP = 2
} ob_guidance_request;

typedef struct {
  double initial_mass_kg;
  double dry_mass_kg;
  double thrust_n;
  double specific_impulse_s;
  double throttle_min;
  double throttle_max;
  double engine_cant_rad;
  double throttle_lag_s;
  double thrust_filter_s;
  double ignition_throttle;
  double ignition_error_rad;
  double gate_range_m;
  double gate_altitude_m;
  double gate_speed_m_s;
  double gate_descent_m_s;
  double approach_throttle;
  double altitude_trust_m_s;
  double vertical_altitude_m;
  double vertical_deceleration_m_s2;
  double slow_descent_m_s;
  double touchdown_speed_m_s;
  double blind_descent_m_s;
  double final_altitude_m;
  double no_dive_altitude_m;
  double horizontal_gain_1_s;
  double tilt_final_rad;
  double tilt_lean_rad;
  double tilt_vertical_rad;
  double tilt_approach_rad;
  double slew_rate_rad_s;
  double slew_acceleration_rad_s2;
} ob_guidance_params;

typedef struct {
  ob_guidance_params params;
  ob_site site;
  int64_t phase;
  int64_t time_ns;
  int64_t corrected_ns;
  int64_t started;
  double mass_kg;
  double thrust_scale;
  double share;
  double lean_rad;
  double thrust_body[3];
  double throttle_lagged;
  double flight[3];
  ob_burn burn;
  double time_to_go_s;
  double shift_m;
  double allowance_m;
  double descent_m_s;
  ob_orbit_burn orbit;
  double rate_body_rad_s[3];
  ob_guidance_command command;
} ob_guidance;

void ob_guidance_init(ob_guidance *guidance, const ob_guidance_params *params, const ob_site *site);

void ob_guidance_resume(ob_guidance *guidance, int64_t phase, const ob_nav_state *nav);

void ob_guidance_engines(ob_guidance *guidance, int64_t inhibit);

void ob_guidance_step(ob_guidance *guidance, const ob_nav_state *nav, int64_t request,
                      int64_t touchdown_confirmed, ob_guidance_command *out);

double ob_guidance_full_acceleration(const ob_guidance *guidance);

uint64_t ob_guidance_hash(const ob_guidance *guidance, uint64_t hash);
