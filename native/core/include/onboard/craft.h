/* A craft: the flight core of one vehicle with all that it works on, for boards.
 *
 * What is common to vehicles (the image that a craft is begun from, the exchange of a tick, fault protection) knows
 * a vehicle by its `ob_vehicle`. What is a vehicle's own is in one file each: craft_lander.c, craft_rover.c. A board
 * flies one craft at a time, so their states share memory.
 */
#ifndef ONBOARD_CRAFT_H
#define ONBOARD_CRAFT_H

#include <stdint.h>

#include "onboard/flight.h"
#include "onboard/rover.h"

/* ---- the parts of each vehicle, beside those of flight_channel.h; 0 to 9 are intakes ---- */

enum {
  OB_LANDER_NAVIGATION = 11,
  OB_LANDER_GUIDANCE = 12,
  OB_LANDER_TOUCHDOWN = 13,
  OB_LANDER_CONTROL = 14,
  OB_LANDER_EFFECTORS = 15,
  OB_LANDER_FRAME_WORDS = 21,
  OB_LANDER_GATES = 23,
  OB_LANDER_GUIDANCE_COMMAND = 24,
  OB_LANDER_IMU = 25, /* the sample that flies */
  OB_LANDER_THRUST = 26,
  OB_LANDER_MATCHES = 27
};

enum {
  OB_ROVER_ODOMETRY_PART = 11,
  OB_ROVER_PATH = 12,
  OB_ROVER_PATH_COMMAND = 13,
  OB_ROVER_WHEELS_PART = 14
};

/* Effectors, numbers of their rows. */
enum { OB_LANDER_THRUSTER_ROW = 0, OB_LANDER_ENGINE_ROW = 1, OB_ROVER_WHEEL_ROW = 0 };
#define OB_OUTPUTS 3 /* at most */

/* ---- the lander ---- */

#define OB_FLIGHT_MATCHES OB_FILTER_CRATERS /* the filter uses no more of a frame */

/* A grid of the map: ob_map_grid with a place for a pointer. */
typedef struct {
  double along0_m, cross0_m;
  double spacing_m;
  double sigma_m;
  int64_t n_along, n_cross;
  int64_t offset; /* octets from the beginning of the board's memory for maps */
  int64_t crc;    /* of the heights */
} ob_flight_grid;

/* What a lander is begun from. */
typedef struct {
  int64_t fitted;  /* bits of the instruments */
  int64_t time_ns; /* of the initial state */
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  ob_filter_prior prior;
  double latitude_rad, longitude_rad, elevation_m, azimuth_rad; /* of the landing site */
  int64_t grids;
  ob_flight_grid grid[OB_MAP_GRIDS];
  ob_filter_params filter;
  ob_camera camera;
  ob_guidance_params guidance;
  ob_orbit_burn_params orbit_burn;
  ob_touchdown_params touchdown;
  ob_attitude_params attitude;
  int64_t request, resuming; /* as in ob_flight */
  double guidance_mass_kg, control_mass_kg; /* to begin with */
} ob_lander_settings;

typedef struct {
  ob_flight flight;
  ob_intake intake[OB_FLIGHT_INTAKES];
  ob_imu_choice imu_choice;
  uint64_t slow_hash;
  int64_t frame_words[3];
  ob_terrain_map map;
  ob_camera camera;
  ob_crater_matched matches[OB_FLIGHT_MATCHES];
  ob_navigation navigation;
  ob_guidance guidance;
  ob_guidance_command guidance_command;
  ob_touchdown touchdown;
  ob_attitude_control control;
  ob_effectors effectors;
} ob_lander;

/* ---- a craft ---- */

typedef struct ob_vehicle ob_vehicle;

typedef struct {
  const ob_vehicle *vehicle;
  ob_part part[OB_PARTS];
  ob_flight_channels channels;
  ob_fault_table fault_table;
  ob_fault_state fault_state;
  ob_fault_memory fault_memory;
  ob_fault_actions fault_actions;
  ob_protection protection;
  union {
    ob_lander lander;
    ob_rover rover;
  } as;
} ob_craft;

/* The board's memory for maps. */
typedef struct {
  const uint8_t *octets;
  uint32_t size;
} ob_maps;

typedef enum {
  OB_CRAFT_READY = 0,
  OB_CRAFT_SETTINGS = 1, /* an index or a count out of range, or a set of thrusters without torque */
  OB_CRAFT_MAP = 2       /* a grid beyond the memory for maps, or its CRC is wrong */
} ob_craft_error;

#define OB_VEHICLE_LANDER 1
#define OB_VEHICLE_ROVER 2

/* What a part of the core keeps of the settings and never changes. */
typedef struct {
  uint32_t at;   /* octets from the beginning of ob_lander or ob_rover */
  uint32_t from; /* octets from the beginning of the settings */
  uint32_t size;
} ob_constant;

struct ob_vehicle {
  uint32_t number;        /* OB_VEHICLE_LANDER ... */
  uint32_t settings_size; /* octets */
  int64_t members;        /* of its schedule; the last is fault protection */
  int64_t intakes;
  int64_t outputs;
  int64_t constants;
  const ob_constant *constant;
  /* The fields of their rows behind time and sequence, a letter each: d double, i integer. */
  const char *intake[OB_FLIGHT_INTAKES];
  const char *output[OB_OUTPUTS];

  /* Begins all but fault protection, as the flight software of the desk does; lists the parts. The craft is zero. */
  ob_craft_error (*begin)(ob_craft *craft, const uint8_t *settings, const ob_maps *maps);
  /* The steps of a flight core: flight.h, rover.h. `protection` is NULL where none was begun. */
  void (*protect)(ob_craft *craft, ob_protection *protection);
  void (*tick)(ob_craft *craft, int64_t now_ns, int64_t members, const ob_sample *rows,
               int64_t count);
  int64_t (*order)(ob_craft *craft, int64_t now_ns, const ob_order *order);
  /* Chains the state hashes of members, then the rows that they sent. */
  uint64_t (*hash)(const ob_craft *craft, int64_t members, uint64_t hash);
  /* Copies the rows of all outputs. Returns the bits of those that members sent. */
  int64_t (*outputs_of)(const ob_craft *craft, int64_t members, ob_output_row rows[OB_OUTPUTS]);
};

extern const ob_vehicle ob_vehicle_lander, ob_vehicle_rover;

/* The vehicle of a number; NULL: none. */
const ob_vehicle *ob_vehicle_of(int64_t number);

/* Whether an instrument is fitted. */
int64_t ob_craft_has(const ob_craft *craft, int64_t intake);

/* Compares the constants of a craft with the settings that it was begun from, which must be sound, and puts right those
 * that differ. Returns how many did. */
int64_t ob_craft_repair(ob_craft *craft, const uint8_t *settings);

#endif
