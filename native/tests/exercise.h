/* Exercises of the flight core: each runs a module over fixed pseudo-random arguments and hashes all
 * that it returns. The desk and every board must give the same hash (tests/hil/test_boards.py).
 */
#ifndef ONBOARD_TESTS_EXERCISE_H
#define ONBOARD_TESTS_EXERCISE_H

#include <stdint.h>

typedef struct {
  const char *module;
  uint64_t (*run)(void);
} exercise;

extern const exercise EXERCISES[];
extern const int32_t EXERCISE_COUNT;

/* exercise_mathematics.c */
uint64_t exercise_arithmetic(void);
uint64_t exercise_elementary(void);
uint64_t exercise_sqrt(void);
uint64_t exercise_hash(void);
uint64_t exercise_vector(void);
uint64_t exercise_quaternion(void);
uint64_t exercise_frame(void);
uint64_t exercise_gravity(void);

/* exercise_navigation.c */
uint64_t exercise_camera(void);
uint64_t exercise_gate(void);
uint64_t exercise_intake(void);
uint64_t exercise_redundant_imu(void);
uint64_t exercise_strapdown(void);
uint64_t exercise_terrain_map(void);
uint64_t exercise_ud(void);

/* exercise_filter.c */
uint64_t exercise_filter(void);
uint64_t exercise_navigation(void);

/* exercise_gnc.c */
uint64_t exercise_allocation(void);
uint64_t exercise_approach(void);
uint64_t exercise_attitude_control(void);
uint64_t exercise_burn(void);
uint64_t exercise_effector(void);
uint64_t exercise_guidance(void);
uint64_t exercise_orbit_burn(void);
uint64_t exercise_thrust_monitor(void);
uint64_t exercise_touchdown(void);

/* exercise_link.c */
uint64_t exercise_crc32(void);
uint64_t exercise_two_copy(void);
uint64_t exercise_packet(void);
uint64_t exercise_cobs(void);
uint64_t exercise_framing(void);
uint64_t exercise_sequence(void);
uint64_t exercise_time_sync(void);
uint64_t exercise_link(void);
uint64_t exercise_core_hash(void);

/* exercise_rover.c */
uint64_t exercise_wheel(void);
uint64_t exercise_wheels(void);
uint64_t exercise_wheel_slip(void);
uint64_t exercise_odometry(void);
uint64_t exercise_drive(void);
uint64_t exercise_rover(void);

/* exercise_fault.c */
uint64_t exercise_fault(void);
uint64_t exercise_fault_table(void);
uint64_t exercise_fault_walk(void);

/* exercise_flight.c */
uint64_t exercise_craft(void);
uint64_t exercise_protection(void);
uint64_t exercise_flight(void);
uint64_t exercise_flight_channel(void);
uint64_t exercise_flight_exchange(void);
uint64_t exercise_flight_image(void);

/* exercise_words.c: of the boards' common part */
uint64_t exercise_words(void);

#endif
