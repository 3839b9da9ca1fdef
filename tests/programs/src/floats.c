/* Floating point: formatting at the edges, and functions of the mathematical library. */
#include <float.h>
#include <math.h>
#include <stdio.h>

int main(void) {
    double values[] = {0.0, -0.0, 1.0 / 3, 1e-5, 123456789.125, 1e21, DBL_MAX, DBL_MIN, 4.9e-324, 0.1 + 0.2};
    for (unsigned index = 0; index < sizeof values / sizeof *values; index++)
        printf("%g %.17g %e %a\n", values[index], values[index], values[index], values[index]);
    volatile double zero = 0;
    printf("%f %f %d %d\n", 1 / zero, -1 / zero, isnan(zero / zero) != 0, isinf(1 / zero) != 0);
    printf("%.15f %.15f %.15f\n", sqrt(2.0), cbrt(27.0), hypot(3.0, 4.0));
    printf("%.12f %.12f %.12f %.12f\n", sin(1.0), cos(1.0), tan(1.0), atan2(1.0, -1.0));
    printf("%.12f %.12f %.12f %.12f\n", exp(1.0), log(10.0), pow(2.0, 0.5), fmod(10.0, 3.7));
    printf("%g %g %g %g %g %g\n", floor(-2.5), ceil(-2.5), trunc(-2.5), rint(-2.5), rint(2.5), round(2.5));
    float single = 16777216.0f;
    printf("%.1f %.1f %g\n", (double)(single + 1.0f), (double)single * 3, (double)(1.0f / 3.0f));
    int exponent;
    double fraction = frexp(1234.5, &exponent);
    printf("%.10f %d %g %ld %ld\n", fraction, exponent, ldexp(0.75, 10), lrint(3.5), lround(-3.5));

    /* The Basel problem, forwards and backwards: what rounding does. */
    double up = 0, down = 0;
    for (int index = 1; index <= 1000000; index++) up += 1.0 / ((double)index * index);
    for (int index = 1000000; index >= 1; index--) down += 1.0 / ((double)index * index);
    printf("%.17g\n%.17g\n", up, down);
    return 0;
}
