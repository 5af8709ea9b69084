/* The Moon's attraction: central term, J2 and C22.
 *
 * Potential U = mu/r (1 - J2 (R/r)^2 (3 sin^2 lat - 1)/2 + C22 (R/r)^2 3 cos^2 lat cos 2 lon)
 * (Kaula 1966, eq. 1.31). Constants are LP165P (Konopliv, Asmar, Carranza, Sjogren and Yuan 2001,
 * Icarus 150), its normalized C20 and C22 times -sqrt(5) and sqrt(5/12). What is left out reaches
 * some 3e-3 m/s2 (300 mGal) over mascons at low altitude; S22 and C21 are below 1e-3 of C22 in these
 * axes.
 */
#ifndef ONBOARD_GRAVITY_H
#define ONBOARD_GRAVITY_H

#define OB_GRAVITY_RADIUS_M 1738000.0 /* reference radius of the coefficients */
#define OB_GRAVITY_J2 2.0323662264558446e-4
#define OB_GRAVITY_C22 2.235711870935134e-5

/* Acceleration (m/s2) at a position (m) in mcmf axes; attraction only, no centrifugal term. The
 * position must be off the centre. out may be r. */
void ob_gravity_mcmf(const double r_mcmf_m[3], double out_m_s2[3]);

#endif
