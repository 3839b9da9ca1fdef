/* Vectors of the compiler's extension, which become Wasm SIMD with -msimd128. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef float floats __attribute__((vector_size(16)));
typedef int32_t integers __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef double doubles __attribute__((vector_size(16)));
typedef int64_t longs __attribute__((vector_size(16)));

#define COUNT 4096
static float left[COUNT], right[COUNT];
static uint8_t text[COUNT];

int main(void) {
    for (int index = 0; index < COUNT; index++) {
        left[index] = (float)(index % 17) * 0.25f;
        right[index] = (float)(index % 13) - 6.0f;
        text[index] = (uint8_t)(index * 7 + 3);
    }
    floats sum = {0}, largest = {-1e9f, -1e9f, -1e9f, -1e9f};
    for (int index = 0; index < COUNT; index += 4) {
        floats a, b;
        memcpy(&a, left + index, sizeof a);
        memcpy(&b, right + index, sizeof b);
        floats product = a * b;
        sum += product;
        integers greater = product > largest;
        largest = (floats)((greater & (integers)product) | (~greater & (integers)largest));
    }
    printf("%.3f %.3f %.3f %.3f\n", (double)sum[0], (double)sum[1], (double)sum[2], (double)sum[3]);
    printf("%.3f %.3f %.3f %.3f\n", (double)largest[0], (double)largest[1], (double)largest[2], (double)largest[3]);

    bytes mixed = {0};
    integers shifted = {1, -2, 3, -4};
    for (int index = 0; index < COUNT; index += 16) {
        bytes block;
        memcpy(&block, text + index, sizeof block);
        mixed = (mixed ^ block) + (block >> 3);
        mixed = __builtin_shufflevector(mixed, block, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17);
        shifted = (shifted << 1) ^ (shifted >> 31) ^ (integers)mixed;
    }
    for (int index = 0; index < 16; index++) printf("%02x", mixed[index]);
    printf(" %08x %08x %08x %08x\n", (unsigned)shifted[0], (unsigned)shifted[1], (unsigned)shifted[2], (unsigned)shifted[3]);

    doubles state = {1.0, 2.0};
    longs counts = {0, 0};
    for (int step = 0; step < 1000; step++) {
        state = state * (doubles){0.999, 1.001} + (doubles){0.5, -0.001};
        counts -= state > (doubles){100.0, 2.5};
    }
    printf("%.9f %.9f %lld %lld\n", state[0], state[1], (long long)counts[0], (long long)counts[1]);
    return 0;
}
