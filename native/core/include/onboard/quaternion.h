/* Unit quaternions: scalar first, Hamilton product, q = (w, x, y, z).
 *
 * `q_a_from_b` turns the components of a vector from frame b into frame a: v_a = q v_b q*. So
 * q_a_from_c = q_a_from_b q_b_from_c, and C_a_from_b below is the matrix of the same turn. Formulas
 * are those of Sola, "Quaternion kinematics for the error-state Kalman filter" (2017), sections 1, 2
 * and 4; equation numbers stand beside each function. Outputs must not alias inputs unless a comment
 * says so.
 */
#ifndef ONBOARD_QUATERNION_H
#define ONBOARD_QUATERNION_H

/* out = a b (eq. 12). */
void ob_q_mul(double out[4], const double a[4], const double b[4]);

/* The turn back. out may be q. */
void ob_q_conj(double out[4], const double q[4]);

/* v_a = q_a_from_b v_b q*, as v + 2 w (u x v) + 2 u x (u x v) with q = (w, u). out may be v. */
void ob_q_rotate(double out[3], const double q[4], const double v[3]);

/* v_b = q* v_a q. out may be v. */
void ob_q_rotate_back(double out[3], const double q[4], const double v[3]);

/* Turn about the vector r (rad) by its length (eq. 101). Any length below OB_TRIG_MAX. */
void ob_q_from_rotvec(double out[4], const double r[3]);

/* Rotation vector (rad), length 0 to pi, the shorter way round (eq. 105). */
void ob_q_to_rotvec(double out[3], const double q[4]);

/* Scales to unit length in place. A zero quaternion becomes the identity. */
void ob_q_normalize(double q[4]);

/* Row-major C_a_from_b of q_a_from_b (eq. 115). */
void ob_q_to_matrix(double out[9], const double q[4]);

/* Quaternion with w >= 0 of a rotation matrix (Shepperd 1978). */
void ob_q_from_matrix(double out[4], const double C[9]);

#endif
