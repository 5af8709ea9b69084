/* A covariance of 20 error states held as factors, P = U D U^T.
 *
 * U is unit upper triangular, D diagonal and positive; so P stays symmetric and positive definite
 * whatever the rounding (Bierman 1977, Factorization Methods for Discrete Sequential Estimation).
 * The first OB_UD_DYNAMIC states have dynamics of their own; the rest are parameters that drive them
 * and change only as first-order Markov processes, so the time update treats the two apart: modified
 * weighted Gram-Schmidt (Thornton 1976) on the dynamic block alone, and rank-one updates for the
 * parameters (Bierman 1977; the split as in Carpenter & D'Souza, Navigation Filter Best Practices,
 * NASA/TP-2018-219822).
 */
#ifndef ONBOARD_UD_H
#define ONBOARD_UD_H

#include <stdint.h>

#define OB_UD_STATES 20
#define OB_UD_DYNAMIC 9
#define OB_UD_WIDTH 10 /* OB_UD_DYNAMIC made even, so that loops over it go in pairs */

typedef struct {
  double u[OB_UD_STATES][OB_UD_STATES]; /* u[j][i] is U of row i, column j, for i < j; the rest 0 */
  double d[OB_UD_STATES];               /* > 0 */
} ob_ud;

/* Diagonal covariance from one-sigma values, all > 0. */
void ob_ud_init(ob_ud *ud, const double sigma[OB_UD_STATES]);

/* h P h^T of a row h. */
double ob_ud_variance(const ob_ud *ud, const double h[OB_UD_STATES]);

/* P of row and column `index`. */
double ob_ud_diagonal(const ob_ud *ud, int32_t index);

/* g P h^T of two rows. */
double ob_ud_covariance(const ob_ud *ud, const double g[OB_UD_STATES],
                        const double h[OB_UD_STATES]);

/* The same in two steps, for who needs it of several rows: U^T h^T of each, and of two such. */
void ob_ud_project(const ob_ud *ud, const double h[OB_UD_STATES], double f[OB_UD_STATES]);
double ob_ud_inner(const ob_ud *ud, const double fg[OB_UD_STATES], const double fh[OB_UD_STATES]);

/* Bierman's update by one scalar measurement with row h and noise variance > 0. Sets the gain, by
 * which the caller multiplies the residual. */
void ob_ud_update(ob_ud *ud, const double h[OB_UD_STATES], double variance,
                  double gain[OB_UD_STATES]);

/* P += variance v v^T, variance >= 0 (Agee & Turner 1972). */
void ob_ud_add(ob_ud *ud, const double v[OB_UD_STATES], double variance);

/* One step of the Markov process of state `index`: x <- phi x + w, with w of the given variance.
 * 0 <= phi <= 1; not both phi and variance 0. */
void ob_ud_markov(ob_ud *ud, int32_t index, double phi, double variance);

/* Time update of the dynamic states: x <- phi x_all + w. phi[j] is column j of the transition from
 * all states, its last element 0; w has the given variances on the dynamic states. Parameters stay as
 * they are. */
void ob_ud_propagate(ob_ud *ud, const double phi[OB_UD_STATES][OB_UD_WIDTH],
                     const double variance[OB_UD_DYNAMIC]);

/* The full covariance, row major. */
void ob_ud_matrix(const ob_ud *ud, double p[OB_UD_STATES * OB_UD_STATES]);

uint64_t ob_ud_hash(const ob_ud *ud, uint64_t hash);

#endif
