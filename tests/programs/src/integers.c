/* 64-bit arithmetic: multiplication with high half, division, shifts, rotation, bit counts; a Miller-Rabin test on top. */
#include <stdint.h>
#include <stdio.h>

static uint64_t multiply_modulo(uint64_t a, uint64_t b, uint64_t modulus) {
    return (uint64_t)((unsigned __int128)a * b % modulus);
}

static uint64_t power_modulo(uint64_t base, uint64_t exponent, uint64_t modulus) {
    uint64_t result = 1;
    for (base %= modulus; exponent; exponent >>= 1) {
        if (exponent & 1) result = multiply_modulo(result, base, modulus);
        base = multiply_modulo(base, base, modulus);
    }
    return result;
}

static int is_prime(uint64_t number) {
    static const uint64_t bases[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (number < 2) return 0;
    for (unsigned index = 0; index < 12; index++)
        if (number % bases[index] == 0) return number == bases[index];
    uint64_t odd = number - 1;
    int twos = __builtin_ctzll(odd);
    odd >>= twos;
    for (unsigned index = 0; index < 12; index++) {
        uint64_t power = power_modulo(bases[index], odd, number);
        if (power == 1 || power == number - 1) continue;
        int round = 1;
        while (round < twos && (power = multiply_modulo(power, power, number)) != number - 1) round++;
        if (round == twos) return 0;
    }
    return 1;
}

int main(void) {
    uint64_t state = 88172645463325252ull, sum = 0;
    for (int index = 0; index < 100000; index++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        uint64_t other = (state << 23) | (state >> 41);
        int64_t difference = (int64_t)(state - other);
        sum += state / (other | 1) + state % (other | 1);
        sum ^= (uint64_t)(difference / ((int64_t)(other >> 40) + 1));
        sum += (uint64_t)(difference >> 13) ^ (uint64_t)(((unsigned __int128)state * other) >> 64);
        sum += (uint64_t)__builtin_popcountll(state) + (uint64_t)__builtin_clzll(state | 1) * 3;
    }
    printf("%016llx\n", (unsigned long long)sum);
    int count = 0;
    for (uint64_t number = 1000000007; number < 1000002007; number++) count += is_prime(number);
    printf("%d primes\n", count);
    printf("%d %d %d\n", is_prime(18446744073709551557ull), is_prime(18446744073709551556ull), is_prime(3215031751ull));
    return 0;
}
