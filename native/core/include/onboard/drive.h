/* Path of a skid-steered rover: it turns in place towards each waypoint, then drives the straight line to it.
 *
 * TURN, at most turn_rate: rate = turn_gain x heading error. LEG: speed up to what still stops before the waypoint,
 * sqrt(2 a d); the heading wanted points at the line ahead, atan(cross / look_ahead) from it (pure pursuit's law
 * for small errors; Snider, CMU-RI-TR-09-08, 2009), and the turn rate follows it as in TURN. A leg ends within
 * arrive_m of its waypoint or beside it; an error above realign_rad stops the leg and turns anew.
 *
 * Wheels of one side turn alike. A rover that turns in place must also scrub its wheels sideways, so that its
 * treads run turn_ratio times as fast as rolling would ask (docs/rover.md): v +- turn_ratio x rate x track / 2.
 *
 * It gives up (LOST) when a turn or a leg lasts longer than its time: patience times what it should, and 10 s more.
 * While `held` (navigation not valid, a wheel resting) it stands and the clock of the leg stands, too.
 */
#ifndef ONBOARD_DRIVE_H
#define ONBOARD_DRIVE_H

#include <stdint.h>

#include "onboard/messages.h"

#define OB_WAYPOINTS 16

typedef struct {
  double rolling_radius_m;
  double track_m;
  double turn_ratio;
  double speed_m_s;            /* the most a path may ask for */
  double turn_rate_rad_s;
  double acceleration_m_s2;    /* with which it stops before a waypoint */
  double turn_gain_1_s;
  double look_ahead_m;
  double heading_tolerance_rad; /* at which a turn ends */
  double realign_rad;
  double arrive_m;
  double patience;
} ob_drive_params;

typedef enum {
  OB_DRIVE_IDLE = 0,
  OB_DRIVE_TURN = 1,
  OB_DRIVE_LEG = 2,
  OB_DRIVE_DONE = 3, /* at the last waypoint */
  OB_DRIVE_LOST = 4  /* gave up */
} ob_drive_phase;

typedef struct {
  ob_drive_params params;
  int64_t count;                       /* of waypoints */
  double waypoint_m[OB_WAYPOINTS][2];  /* east, north */
  double speed_m_s;                    /* asked for by the path */
  int64_t phase, leg;
  double from_m[2];                    /* where the leg began */
  double left_s;                       /* until it gives the phase up */
} ob_drive;

void ob_drive_init(ob_drive *drive, const ob_drive_params *params);

/* A path: empty it, add waypoints (0 when it is full, else 1), drive it. Start: 0 when it is empty, else 1. */
void ob_drive_clear(ob_drive *drive);
int64_t ob_drive_add(ob_drive *drive, double east_m, double north_m);
int64_t ob_drive_start(ob_drive *drive, double speed_m_s);
void ob_drive_stop(ob_drive *drive);

/* 10 Hz. */
void ob_drive_step(ob_drive *drive, const ob_odometry_state *state, int64_t held,
                   ob_drive_command *command);

uint64_t ob_drive_hash(const ob_drive *drive, uint64_t hash);

#endif
