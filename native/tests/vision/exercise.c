#include "exercise.h"

const vision_exercise VISION_EXERCISES[] = {
    {"alignment", exercise_alignment},
    {"corners", exercise_corners},
    {"correlation", exercise_correlation},
    {"crater_finder", exercise_crater_finder},
    {"crater_frame", exercise_crater_frame},
    {"crater_identify", exercise_crater_identify},
    {"crater_lost", exercise_crater_lost},
    {"crater_match", exercise_crater_match},
    {"descriptors", exercise_descriptors},
    {"essential", exercise_essential},
    {"five_point", exercise_five_point},
    {"features", exercise_features},
    {"fundamental", exercise_fundamental},
    {"hamming", exercise_hamming},
    {"homography", exercise_homography},
    {"integrity", exercise_integrity},
    {"p3p", exercise_p3p},
    {"pose", exercise_pose},
    {"pyramid", exercise_pyramid},
    {"similarity", exercise_similarity},
    {"terrain_match", exercise_terrain_match},
    {"tracker", exercise_tracker},
    {"two_point", exercise_two_point},
};
const int32_t VISION_EXERCISE_COUNT = sizeof VISION_EXERCISES / sizeof VISION_EXERCISES[0];
