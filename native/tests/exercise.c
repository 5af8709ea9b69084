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
};
const int32_t EXERCISE_COUNT = sizeof EXERCISES / sizeof EXERCISES[0];
