#include "exercise.h"

const exercise EXERCISES[] = {
    {"arithmetic", exercise_arithmetic},
    {"elementary", exercise_elementary},
    {"sqrt", exercise_sqrt},
    {"hash", exercise_hash},
    {"vector", exercise_vector},
    {"quaternion", exercise_quaternion},
    {"frame", exercise_frame},
    {"gravity", exercise_gravity},
    {"camera", exercise_camera},
    {"gate", exercise_gate},
    {"strapdown", exercise_strapdown},
    {"terrain_map", exercise_terrain_map},
    {"ud", exercise_ud},
    {"filter", exercise_filter},
    {"crater_detect", exercise_crater_detect},
    {"crater_frame", exercise_crater_frame},
    {"crater_match", exercise_crater_match},
    {"allocation", exercise_allocation},
    {"approach", exercise_approach},
    {"attitude_control", exercise_attitude_control},
    {"burn", exercise_burn},
    {"guidance", exercise_guidance},
    {"touchdown", exercise_touchdown},
};
const int32_t EXERCISE_COUNT = sizeof EXERCISES / sizeof EXERCISES[0];
