/* Private to crater_lost.c: quads of the detections, those that promise most first.
 *
 * What the trial of a quad costs goes by the window of its invariants; its chance falls with the crowd of
 * craters about the anchor, since the index has only the nearest. A quad whose detections were in
 * others that failed comes later.
 */
#ifndef VISION_CRATER_QUAD_QUEUE_H
#define VISION_CRATER_QUAD_QUEUE_H

#include "crater_pose.h"
#include "vision/crater_lost.h"

typedef struct {
  double first_cost;    /* of a trial, over the chance that the index has the quad */
  double cost;          /* the same with demotions as of when it was put into the heap */
  int16_t detection[4]; /* anchor, and counter-clockwise seen with the row upwards */
  int16_t kind;         /* of `crater_quads.h` */
} sighted_quad;

typedef struct {
  const crater_problem *problem;
  int64_t neighbour_count;          /* of the index */
  sighted_quad heap[OB_LOST_QUADS]; /* least cost on top */
  int64_t count;
  double error2[OB_IDENTIFY_DETECTIONS]; /* of a radius, relative, squared */
  int32_t failures[OB_IDENTIFY_DETECTIONS];
} quad_queue;

/* Quads of the largest detections as anchors; the fewer there are, the more neighbours of each. */
void ob_quad_queue_fill(quad_queue *queue, const crater_problem *problem, int64_t neighbour_count);

/* 0 when there is none left. */
int ob_quad_queue_next(quad_queue *queue, sighted_quad *next);

void ob_quad_queue_failed(quad_queue *queue, const sighted_quad *quad);

/* Twice the signed areas of abc, acd, adb, bcd, px^2. */
void ob_quad_areas(const quad_queue *queue, const int16_t detection[4], double area[4]);

/* Begins with c in place of b. */
void ob_quad_rotate(int16_t detection[4], double area[4]);

/* Standard deviations of the invariants. */
void ob_quad_sigmas(const quad_queue *queue, const int16_t detection[4], const double area[4],
                    double sigma[4]);

#endif
