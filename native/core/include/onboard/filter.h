/* The navigation filter: strapdown state and its error-state Kalman filter.
 *
 * Error states, in order (site axes unless noted; error = truth - estimate):
 *   0-2   position, m
 *   3-5   velocity relative to the ground, m/s
 *   6-8   attitude, rad: q_true = exp(error) q_estimate
 *   9-11  gyro bias, rad/s, body axes
 *   12-14 accelerometer bias, m/s2, body axes
 *   15-17 thrust coupling, body axes: what the accelerometers read along x, y, z per unit of specific
 *         force along body z, less the truth: their misalignment about y and x, and their scale on z.
 *         The engines push along z for minutes, so these three errors, and only these, build up.
 *   18-19 map error, m, one for each range beam: true ground at the beam's footprint minus the height
 *         expected of it. Expected is the mean of the map over the places that the horizontal sigma
 *         allows, and the variance is the survey's plus the scatter of the map over those places
 *         (ob_map_scatter): a horizontal error puts the footprint on other ground than the map says,
 *         and that is noise here, not knowledge (a linear filter that takes horizontal position from
 *         slopes deceives itself once its error exceeds their extent). Both parts are Markov processes
 *         in the distance that the footprint moves over ground, each with its correlation length. So
 *         over mountains that the vehicle cannot place, ranges say little, however many they are;
 *         over a mare they say much; over one spot they do not pretend to know the map, and the
 *         altitude above the true ground is still known as well as the rangefinder gives it.
 *
 * Truth model: measured increment / dt = rate + gyro bias + noise; specific force + accelerometer
 * bias + coupling x force_z + noise.
 *
 * Mechanisation every IMU sample (strapdown.h). The covariance (ud.h) is moved every
 * `covariance_ticks` samples, and before any measurement, over all samples since, with the
 * transition I + F dt + (F dt)^2/2 of the site-frame error equations (Groves 2013, Principles of
 * GNSS, Inertial and Multisensor Navigation, section 14.2, written for a local frame that does not
 * move over the ground; gravity gradient of a point mass). Measurements are used one scalar at a time
 * through their gate (gate.h) and may be late by up to OB_FILTER_HISTORY ticks: the residual is formed
 * at the pose of the measurement's own time, which corrections made since follow to first order.
 *
 * Every function that takes a measurement returns the gate's decision (ob_gate_decision); OB_GATE_REJECT
 * also where nothing could be scored: a time outside the history, not a number, no prediction.
 */
#ifndef ONBOARD_FILTER_H
#define ONBOARD_FILTER_H

#include <stdint.h>

#include "onboard/camera.h"
#include "onboard/crater_matched.h"
#include "onboard/frame.h"
#include "onboard/gate.h"
#include "onboard/messages.h"
#include "onboard/strapdown.h"
#include "onboard/terrain_map.h"
#include "onboard/ud.h"

#define OB_FILTER_HISTORY 32
#define OB_FILTER_BEAMS 2
#define OB_FILTER_CRATERS 64

/* Measurement streams: index of gate and of its limits. */
enum {
  OB_STREAM_RANGE_A = 0,
  OB_STREAM_RANGE_B = 1,
  OB_STREAM_VELOCITY = 2,
  OB_STREAM_STAR = 3,
  OB_STREAM_CRATERS = 4
};
#define OB_STREAMS 5

typedef struct {
  double position_body_m[3];
  double direction_body[3];      /* unit, towards the ground */
  double minimum_m, maximum_m;   /* slant ranges that the instrument can give */
  double sigma_m;                /* noise: hypot(sigma_m, sigma_fraction range) */
  double sigma_fraction;
} ob_range_beam;

typedef struct {
  int64_t tick_ns;          /* of an IMU sample, > 0 */
  int64_t covariance_ticks; /* samples between covariance propagations, >= 1 */

  double gyro_noise_rad_sqrt_s;               /* angle random walk */
  double gyro_bias_walk_rad_s_sqrt_s;         /* random walk of the bias */
  double gyro_scale_sigma; /* scale and misalignment: as noise that acts for 100 s at a time */
  double accelerometer_noise_m_s_sqrt_s;      /* velocity random walk, gravity model included */
  double accelerometer_bias_walk_m_s2_sqrt_s;
  double coupling_walk_sqrt_s;
  double turn_acceleration_rad_s2; /* the most that the vehicle's actuators can give */
  double gyro_bias_sigma_rad_s; /* at the start, each axis */
  double accelerometer_bias_sigma_m_s2;
  double coupling_sigma;

  /* distances over ground in which errors of height decay by 1/e: */
  double map_correlation_m;    /* the survey's own */
  double relief_correlation_m; /* those that a horizontal error makes; at least the horizontal sigma */

  double relief_sigmas;        /* horizontal error in sigmas for which the scatter is taken */
  /* below this altitude, and while it is known worse than this, velocities leave the horizontal
   * position alone */
  double place_hold_m, place_hold_sigma_m;

  ob_range_beam beam[OB_FILTER_BEAMS];
  double velocity_sigma_m_s[3];      /* velocimeter, body axes: hypot(sigma, fraction speed) */
  double velocity_sigma_fraction;
  double velocity_minimum_m, velocity_maximum_m; /* altitudes between which samples are due */
  double velocity_minimum_cosine;    /* of the tilt within which they are due */
  double star_sigma_rad[3];          /* star tracker, body axes */
  double star_maximum_rate_rad_s;    /* slower than this ... */
  double star_maximum_force_m_s2;    /* ... and with less force samples are due */
  double crater_pixel_sigma;         /* floor, added to the matcher's covariance */
  double crater_map_inflation;       /* of a crater's map variance: it is seen in several frames */
  double reacquire_sigmas;           /* how far the filter mistrusts its own sigmas, see range */
  ob_gate_limits gate[OB_STREAMS];
} ob_filter_params;

/* One-sigma errors of the initial state, per axis. */
typedef struct {
  double position_m[3];    /* site axes */
  double velocity_m_s[3];  /* site axes */
  double attitude_rad[3];  /* site axes */
} ob_filter_prior;

typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double velocity_site_m_s[3];
  double q_site_from_body[4];
  double shift_site_m[3];      /* sum of position corrections made before this */
  double turn_site_rad[3];     /* sum of attitude corrections made before this */
} ob_filter_pose;

/* What is expected of the ground at a place. */
typedef struct {
  double along_m, cross_m;    /* corridor */
  double offset_m;            /* expected height less the map's height at the place */
  double survey_sigma_m;      /* of the map */
  double relief_sigma_m;      /* of heights within the horizontal error */
  double horizontal_sigma_m;  /* the vehicle's */
} ob_ground;

/* What a beam says of the height of the ground, less what was expected of it. */
typedef struct {
  int64_t time_ns;
  double rise_m, sigma_m;
  int64_t corroborated_until_ns; /* the other beam said the same less than a second before this */
} ob_disagreement;

typedef struct {
  ob_filter_params params;
  ob_site site;
  const ob_terrain_map *map; /* the caller's; must outlive the filter */
  ob_strapdown strapdown;
  double gyro_bias_rad_s[3];
  double accelerometer_bias_m_s2[3];
  double coupling[3];
  double map_error_m[OB_FILTER_BEAMS];
  ob_ground ground[OB_FILTER_BEAMS];   /* where each beam met it last: map_error_m is of there */
  ob_disagreement disagreement[OB_FILTER_BEAMS]; /* of its last sample */
  double nadir_along_m, nadir_cross_m; /* the ground below */
  double nadir_map_m, nadir_sigma_m;   /* the map's height there, and its sigma */
  double nadir_rise_m;                 /* what is thought of the true ground there, less the map's */
  ob_ud ud;
  ob_gate gate[OB_STREAMS];

  /* since the covariance was moved last */
  int64_t pending_ticks;
  int64_t pending_ns;
  int64_t covariance_changed; /* 1 until the sigmas of `state` follow */
  double pending_dv_site_m_s[3];
  double pending_dv_z_m_s;
  int64_t walked_ns[OB_UD_STATES - OB_UD_DYNAMIC - OB_FILTER_BEAMS]; /* when each bias last took its random walk */
  int64_t walk_next;

  /* of the IMU axes, gyro x, y, z and accelerometer x, y, z */
  double read[6];            /* increments when not saturated last */
  int64_t has_read;          /* bit mask: there has been such a reading */
  int64_t saturated_ns[6];   /* length of the present spell of saturation */
  double doubt[6];           /* by what its increments may be wrong in sum */

  double shift_site_m[3]; /* sum of all position corrections */
  double turn_site_rad[3];
  ob_filter_pose history[OB_FILTER_HISTORY];
  int64_t newest; /* index into history */

  ob_nav_state state;
  int64_t bad_samples;   /* IMU samples that were missing or saturated */
  uint64_t digest;       /* running hash of covariance factors and gates, see ob_filter_hash */
  int64_t digest_next;   /* column of U that enters it next */
} ob_filter;

/* Begin at `time_ns`. Map and its arrays stay the caller's. */
void ob_filter_init(ob_filter *f, const ob_filter_params *params, const ob_site *site,
                    const ob_terrain_map *map, int64_t time_ns, const double position_site_m[3],
                    const double velocity_site_m_s[3], const double q_site_from_body[4],
                    const ob_filter_prior *prior);

/* One IMU sample: increments over the tick that ended at time_ns, body axes. Where samples are
 * missing (at most 100) the last ones are repeated and the covariance widened by what they could have
 * been. `saturated` is a bit mask (0-2 gyro, 3-5 accelerometer): of such an axis the last reading before is
 * held, and the covariance is widened by how far the two are apart, of a gyro by the turn that the vehicle
 * could have begun since, if that is less. (Schiaparelli integrated a second of a saturated gyro and took
 * itself for upside down.) A time that does not advance, or a longer gap, leaves the state and
 * clears `valid`. Fills `out`. */
void ob_filter_imu(ob_filter *f, int64_t time_ns, const double delta_angle_rad[3],
                   const double delta_velocity_m_s[3], int64_t saturated, ob_nav_state *out);

/* The state now, after measurements were used. */
void ob_filter_output(ob_filter *f, ob_nav_state *out);

/* Slant range (m) of beam 0 or 1 against the terrain map. When the sample fails its gate it is still
 * plausible, as gate.h uses the word, if the filter's errors could explain it were they
 * `reacquire_sigmas` times their sigma: the map's lowest and highest ground within that horizontal
 * error, and that vertical error, bound the range; unless the other beam is accepted at present. It is
 * plausible in any case if the other beam sees the ground as much higher or lower than the map, for two
 * instruments are not wrong alike: then the inertial solution is. */
int ob_filter_range(ob_filter *f, int64_t time_ns, int32_t beam, double range_m);

/* Velocity relative to the ground, body axes (m/s). A sample that fails its gate is plausible, as gate.h uses the
 * word, within `reacquire_sigmas`; and, while a rangefinder is accepted, only if it leaves the vertical speed
 * within three sigma: those that range hold it. */
int ob_filter_velocity(ob_filter *f, int64_t time_ns, const double velocity_body_m_s[3]);

/* Star tracker attitude. */
int ob_filter_star(ob_filter *f, int64_t time_ns, const double q_mci_from_body[4]);

/* Crater matches of a frame exposed at time_ns, in order of size; of more than OB_FILTER_CRATERS that
 * many are used, evenly spaced. Each match is tested on its own (NIS of two pixels against the stream's threshold); the NIS of the frame is the
 * median, so a frame passes when at least half of its matches do, and those are used. The stream's
 * innovation is the mean displacement over ground that the matches ask for, in site axes (m). The
 * noise of a pixel is the matcher's covariance, a floor, and the crater's map sigma as seen by the
 * camera. The update is iterated, because the first fix of a descent may move the position by hundreds
 * of metres. */
int ob_filter_craters(ob_filter *f, int64_t time_ns, const ob_camera *camera,
                      const ob_crater_matched *matches, int64_t count);

/* Say once in a while (10 Hz) what time it is: decides from the state which streams are due and flags
 * those that are silent. */
void ob_filter_watch(ob_filter *f, int64_t now_ns);

/* Covariance of the 20 states, row major; for tests and reports. */
void ob_filter_covariance(const ob_filter *f, double p[OB_UD_STATES * OB_UD_STATES]);

/* State, biases and diagonal factors now, and the running digest that one column of U and one gate enter
 * at each covariance propagation. */
uint64_t ob_filter_hash(const ob_filter *f, uint64_t hash);

#endif
