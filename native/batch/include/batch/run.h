/* A batch: ticks of the closed loop without Python between them, for campaigns.
 *
 * One tick here is one tick of the bench with the executive of the flight software: the emulated
 * lander moves 10 ms, its rows go to the flight core (onboard/flight.h), which runs on the same structs
 * that the Python components own, and the rows of the effectors go back to the emulator. The state
 * hash is chained as the executive chains it, so a batch and the executive give the same bits.
 *
 * Members of the schedule other than these, and checkpoints, are not here: a tick in which one is due
 * that has something to do runs up to the end of control and is left open, for the caller to run the
 * rest and to close its hash. So is the tick in which the touchdown is confirmed, which asks for a
 * checkpoint. A camera frame is not here either: before a tick in which one is taken
 * or read the batch ends.
 *
 * This is the only C that knows both sides; neither the core nor the plant knows it.
 */
#ifndef BATCH_RUN_H
#define BATCH_RUN_H

#include <stdint.h>

#include "onboard/flight.h"
#include "plant/lander.h"

#define BT_FRAMES 100      /* ticks after which the schedule repeats */
#define BT_INTAKES PL_CAMERA_A /* instruments but the camera, in the order of the plant's outputs */
/* Words of the rows of a tick, each after its tick: thrusters, two engines. */
#define BT_OUTPUT_WORDS (1 + 14 + OB_ENGINES * (1 + 4))

/* What the caller runs, as bits. The first three have nothing to do in most of their ticks; while they
 * sleep, the batch does what is left of them: it chains their words, and remembers states for craters. */
enum {
  BT_COMMANDS = 1,
  BT_SEQUENCES = 2, /* hashes nothing while it sleeps */
  BT_CRATERS = 4,
  BT_OTHERS = 8     /* never sleeps */
};

/* Everything is the caller's; the pointers stay valid while the batch is used. */
typedef struct {
  pl_lander *plant;
  ob_flight *flight;
  ob_nav_state *history;        /* of crater navigation */
  int64_t history_length;
  int64_t *history_count;       /* states remembered so far */

  int64_t guidance_due[BT_FRAMES]; /* 1 where guidance is due */
  int64_t due[BT_FRAMES];          /* what the caller runs in a frame */
  int64_t awake;                   /* of that, what has something to do */
  uint64_t command_words[3], crater_words[3]; /* hashed in their ticks while they sleep */

  int64_t tick;         /* the last one that ran */
  uint64_t hash;        /* after the last tick that was closed */
  int64_t output_count; /* words of rows that the last tick sent */
  int64_t output[BT_OUTPUT_WORDS];
} bt_batch;

/* Run up to `count` ticks; ends early after a tick that is left open and before one in which a
 * camera frame is taken or read. Returns 1 when the last tick was left open. */
int64_t bt_run(bt_batch *batch, int64_t count);

#endif
