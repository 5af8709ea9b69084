typedef struct {
  double position_body_m[3];
  double direction_body[3];
  double thrust_n;
  double specific_impulse_s;
  double throttle_minimum;
  double valve_delay_s;
  double lag_s;
  double tail_off_s;
  double chamber_pressure_pa;
} pl_engine_spec;

typedef struct {
  double thrust_n;
  double feed, nozzle;
  ...;
} pl_engine;

void pl_engine_init(pl_engine *engine, const pl_engine_spec *spec, double thrust_scale);
void pl_engine_burn(pl_engine *engine, double throttle);
double pl_engine_step(pl_engine *engine, int64_t on, double throttle, int64_t fed);
void pl_engine_wrench(const pl_engine *engine, double mean_thrust_n, const double centre_body_m[3],
                      pl_wrench *wrench);
int64_t pl_engine_burns(const pl_engine *engine);
double pl_engine_pressure_pa(const pl_engine *engine);
