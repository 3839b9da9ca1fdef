/* Spectral norm of an infinite matrix, by the power method (f64 division, reductions). */
#include "bench.h"
#include <math.h>
#define N 700
static double u[N], v[N], t[N];
static double a(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static void times(const double *x, double *y, int transposed) {
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int j = 0; j < N; j++) sum += (transposed ? a(j, i) : a(i, j)) * x[j];
        y[i] = sum;
    }
}
int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 120);
    for (int i = 0; i < N; i++) u[i] = 1;
    for (int r = 0; r < reps; r++) {
        times(u, t, 0); times(t, v, 1);
        times(v, t, 0); times(t, u, 1);
    }
    double vbv = 0, vv = 0;
    for (int i = 0; i < N; i++) { vbv += u[i] * v[i]; vv += v[i] * v[i]; }
    double norm = sqrt(vbv / vv);
    uint64_t bits;
    memcpy(&bits, &norm, 8);
    report("spectral", bits);
    return 0;
}
