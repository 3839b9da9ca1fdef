/* Linear algebra, stencils and dynamic programming in the manner of PolyBench: textbook loops over matrices of doubles.
 * -DKERNEL=NAME says which. Each kernel does a fixed amount of work on the matrices; main repeats it. */
#include "bench.h"
#include <math.h>
#define N 240
static double a[N][N], b[N][N], c[N][N], x[N], y[N], z[N];
static uint32_t seed = 2463534242u;

static double number(void) { return (double)(rng_next(&seed) & 0xffff) / 65536.0 + 0.001; }

static void fill(void) {
    for (int i = 0; i < N; i++) {
        x[i] = number();
        y[i] = z[i] = 0;
        for (int j = 0; j < N; j++) { a[i][j] = number(); b[i][j] = number(); c[i][j] = 0; }
    }
}

/* c = 1.5 ab + 1.2 c, by rows. */
static inline void gemm(void) {
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) c[i][j] *= 1.2;
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++) c[i][j] += 1.5 * a[i][k] * b[k][j];
    }
}

/* c = ab, by inner products: a stride of a row. */
static inline void inner(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

/* y = transposed(a)(ax), 40 times. */
static inline void atax(void) {
    for (int r = 0; r < 40; r++) {
        memset(y, 0, sizeof y);
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++) sum += a[i][j] * x[j];
            for (int j = 0; j < N; j++) y[j] += a[i][j] * sum;
        }
        for (int i = 0; i < N; i++) x[i] = y[i] / (1.0 + y[0]);
    }
}

/* A matrix that has the factors that `lu` and `cholesky` look for: symmetric, with a heavy diagonal. */
static void definite(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) c[i][j] = c[j][i] = i == j ? N + a[i][i] : a[i][j];
}

static inline void lu(void) {
    definite();
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++) c[i][j] -= c[i][k] * c[k][j];
            c[i][j] /= c[j][j];
        }
        for (int j = i; j < N; j++)
            for (int k = 0; k < i; k++) c[i][j] -= c[i][k] * c[k][j];
    }
}

static inline void cholesky(void) {
    definite();
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < i; j++) {
            for (int k = 0; k < j; k++) c[i][j] -= c[i][k] * c[j][k];
            c[i][j] /= c[j][j];
        }
        for (int k = 0; k < i; k++) c[i][i] -= c[i][k] * c[i][k];
        c[i][i] = sqrt(c[i][i]);
    }
}

static inline void jacobi(void) {
    for (int r = 0; r < 40; r++) {
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                b[i][j] = 0.2 * (a[i][j] + a[i][j - 1] + a[i][j + 1] + a[i + 1][j] + a[i - 1][j]);
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                a[i][j] = 0.2 * (b[i][j] + b[i][j - 1] + b[i][j + 1] + b[i + 1][j] + b[i - 1][j]);
    }
    memcpy(c, a, sizeof c);
}

/* In place: each element needs the one before it. */
static inline void seidel(void) {
    for (int r = 0; r < 20; r++)
        for (int i = 1; i < N - 1; i++)
            for (int j = 1; j < N - 1; j++)
                a[i][j] = (a[i - 1][j - 1] + a[i - 1][j] + a[i - 1][j + 1] + a[i][j - 1] + a[i][j] + a[i][j + 1]
                           + a[i + 1][j - 1] + a[i + 1][j] + a[i + 1][j + 1]) / 9.0;
    memcpy(c, a, sizeof c);
}

/* Shortest paths between all nodes, in integers: a comparison and a choice. */
static inline void floyd(void) {
    static int path[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) path[i][j] = i == j ? 0 : 1 + (int)(a[i][j] * 1000);
    for (int k = 0; k < N; k++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                path[i][j] = path[i][j] < path[i][k] + path[k][j] ? path[i][j] : path[i][k] + path[k][j];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) c[i][j] = path[i][j];
}

/* A Toeplitz system: short loops, one of which runs backwards. */
static inline void durbin(void) {
    for (int r = 0; r < 60; r++) {
        double beta = 1, alpha = -x[0] / N;
        y[0] = alpha;
        for (int k = 1; k < N; k++) {
            beta *= 1 - alpha * alpha;
            double sum = 0;
            for (int i = 0; i < k; i++) sum += x[k - i - 1] / N * y[i];
            alpha = -(x[k] / N + sum) / beta;
            for (int i = 0; i < k; i++) z[i] = y[i] + alpha * y[k - i - 1];
            for (int i = 0; i < k; i++) y[i] = z[i];
            y[k] = alpha;
        }
        x[r] += 0.001;
    }
}

#define TEXT(name) #name
#define NAME(name) TEXT(name)

int main(int argc, char **argv) {
    int reps = scale_arg(argc, argv, 60);
    uint64_t result = 0;
    for (int r = 0; r < reps; r++) {
        fill();
        KERNEL();
        double sum = 0;
        for (int i = 0; i < N; i++) {
            sum += y[i];
            for (int j = 0; j < N; j++) sum += c[i][j];
        }
        uint64_t bits;
        memcpy(&bits, &sum, 8);
        result = result * 31 + bits;
    }
    report(NAME(KERNEL), result);
    return 0;
}
