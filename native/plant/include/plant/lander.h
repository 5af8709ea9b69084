/* The lander in the emulated Moon: body, engines, thrusters, legs, instruments; one call a tick.
 *
 * The bench writes command rows into `in` and sets the `pending` flag of each; `pl_lander_step`
 * carries the vehicle through one tick of 10 ms, writes the rows of the instruments that are due
 * into `out` and sets their `fresh` flags. Rows are laid out as the messages of
 * `onboard/messages.py`. Samples refer to the end of the tick. Engine commands hold until the next
 * one; thruster on-times and camera requests are for one tick.
 *
 * In flight a tick is one Runge-Kutta step (plant/body.h). Within PL_NEAR_GROUND_M of the ground it
 * is twenty short steps with the legs (plant/contact.h). A lander that has been still for a second
 * with no thrust sleeps: it turns with the ground until a thruster fires. A crash (a nozzle or the
 * hull touches, a leg is broken, or the ground is met at speed between two looks) ends the motion
 * for good. Position means that of the body's origin, the nominal centre of mass; the true centre
 * may lie off it by `centre_body_m`.
 */
#ifndef PLANT_LANDER_H
#define PLANT_LANDER_H

#include <stdint.h>

#include "onboard/frame.h"
#include "plant/body.h"
#include "plant/contact.h"
#include "plant/data_row.h"
#include "plant/engine.h"
#include "plant/imu.h"
#include "plant/leg.h"
#include "plant/orbit.h"
#include "plant/rangefinder.h"
#include "plant/star_tracker.h"
#include "plant/terrain.h"
#include "plant/thruster.h"
#include "plant/velocimeter.h"

#define PL_ENGINES 2
#define PL_IMUS 2
#define PL_RANGEFINDERS 2
#define PL_HULL_POINTS 8
/* Height of the origin: feet within 2 m, and what slopes and tilt add. */
#define PL_NEAR_GROUND_M 5.0
#define PL_TICK_NS 10000000

/* Instruments, in the order of their `fresh` flags and of the bits of pl_lander_step. */
enum {
  PL_IMU_A,
  PL_IMU_B,
  PL_RANGEFINDER_A,
  PL_RANGEFINDER_B,
  PL_VELOCIMETER_A,
  PL_STAR_TRACKER_A,
  PL_LEGS_A,
  PL_ENGINE_A,
  PL_ENGINE_B,
  PL_TANK,
  PL_CAMERA_A,
  PL_OUTPUTS
};

/* Command rows, in the order of their `pending` flags. */
enum {
  PL_COMMAND_ENGINE_A,
  PL_COMMAND_ENGINE_B,
  PL_COMMAND_THRUSTERS,
  PL_COMMAND_CAMERA_A,
  PL_INPUTS
};

/* What has happened, as bits of pl_lander.events. */
enum {
  PL_EVENT_CONTACT = 1,
  PL_EVENT_AT_REST = 2,
  PL_EVENT_NOZZLE_STRUCK = 4,
  PL_EVENT_HULL_STRUCK = 8,
  PL_EVENT_LEG_BROKEN = 16,
  PL_EVENT_IMPACT = 32,       /* the ground was met between two looks */
  PL_EVENT_TIPPED_OVER = 64,
  PL_EVENT_PROPELLANT_OUT = 128
};
#define PL_EVENT_CRASH                                                                        \
  (PL_EVENT_NOZZLE_STRUCK | PL_EVENT_HULL_STRUCK | PL_EVENT_LEG_BROKEN | PL_EVENT_IMPACT)

/* Telemetry errors of engines and tank, one sigma. */
typedef struct {
  double chamber_pressure_noise_pa;
  double gauge_bias_kg, gauge_noise_kg;
  double tank_pressure_pa; /* regulated */
  double tank_pressure_noise_pa;
} pl_telemetry_spec;

/* The vehicle as it truly is, dispersions included. */
typedef struct {
  pl_mass mass;
  double propellant_kg; /* at the start */
  double centre_body_m[3];
  pl_engine_spec engine[PL_ENGINES];
  double engine_scale[PL_ENGINES];
  pl_thruster_spec thruster;
  double thruster_scale[PL_THRUSTERS];
  pl_leg_spec leg;
  double hull_body_m[PL_HULL_POINTS][3]; /* corners that must not touch the ground */
  double tip_over_rad;                   /* tilt at which a landed vehicle counts as tipped over */
  double pad_resolution_m;               /* of the ground under a foot */
  pl_imu_spec imu[PL_IMUS];
  int64_t imu_count;
  pl_rangefinder_spec rangefinder[PL_RANGEFINDERS];
  pl_velocimeter_spec velocimeter;
  pl_star_tracker_spec star_tracker;
  pl_telemetry_spec telemetry;
  int64_t camera_width, camera_height;
  double site_latitude_rad, site_longitude_rad, site_elevation_m;
  uint64_t seed;
  uint64_t stream[PL_OUTPUTS]; /* of each instrument's errors */
} pl_lander_config;

typedef struct {
  pl_imu_row imu[PL_IMUS];
  pl_range_row range[PL_RANGEFINDERS];
  pl_velocity_row velocity;
  pl_attitude_row attitude;
  pl_leg_row leg;
  pl_engine_row engine[PL_ENGINES];
  pl_tank_row tank;
  pl_frame_row frame;
  double frame_position_mcmf_m[3]; /* of the body's origin at the exposure */
  double frame_q_mcmf_from_body[4];
} pl_lander_output;

typedef struct {
  pl_engine_command_row engine[PL_ENGINES];
  pl_thruster_command_row thruster;
  pl_camera_command_row camera;
} pl_lander_input;

typedef struct {
  pl_lander_output out;
  pl_lander_input in;
  int64_t fresh[PL_OUTPUTS];  /* set by the step, cleared by the reader */
  int64_t pending[PL_INPUTS]; /* set by the writer, cleared by the step */
  int64_t tick, time_ns, events;
  double height_m; /* of the origin above the ground, at the last look */

  pl_lander_config config;
  const pl_terrain *terrain;
  ob_site site;
  pl_body body;
  pl_engine engine[PL_ENGINES];
  double mean_thrust_n[PL_ENGINES]; /* over the last tick */
  pl_thruster_bank thrusters;
  pl_contact contact;
  pl_ground_state rest; /* of the centre of mass, while asleep */
  int64_t asleep, still_ticks;
  double q_mcmf_from_mci[4]; /* at time_ns */
  double C_mcmf_from_mci[9];
  pl_imu imu[PL_IMUS];
  pl_rangefinder rangefinder[PL_RANGEFINDERS];
  pl_velocimeter velocimeter;
  pl_star_tracker star_tracker;
  pl_random telemetry_random[PL_ENGINES + 1]; /* engines, tank */
  double gauge_bias_kg;
} pl_lander;

/* Truth for the bench, never for flight code. */
typedef struct {
  int64_t time_ns, events;
  double position_mci_m[3], velocity_mci_m_s[3], q_mci_from_body[4];
  double position_mcmf_m[3], velocity_mcmf_m_s[3], q_mcmf_from_body[4]; /* velocity: over ground */
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4]; /* velocity: over ground */
  double rate_body_rad_s[3];
  double mass_kg, propellant_kg;
  double height_m; /* of the origin above the ground */
  double tilt_rad;
  double thrust_n[PL_ENGINES];
  double leg_compression_m[PL_LEGS];
  pl_touchdown touchdown;
} pl_truth;

/* `terrain` must outlive the lander. `initial` is the state of the body's origin. */
void pl_lander_init(pl_lander *lander, const pl_lander_config *config, const pl_terrain *terrain,
                    const pl_state *initial);

/* The main engines burn, as after a long burn at a throttle, until they are commanded otherwise; before
 * the first step. */
void pl_lander_burn(pl_lander *lander, double throttle);

/* One tick. Returns the bits of the outputs that are new. */
int64_t pl_lander_step(pl_lander *lander);

void pl_lander_truth(const pl_lander *lander, pl_truth *truth);

/* Covers the whole state, the streams of random numbers and the output rows. */
uint64_t pl_lander_hash(const pl_lander *lander);

#endif
