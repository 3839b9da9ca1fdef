// C++ exceptions: how long a throw takes, and what a program pays that does not throw.
//
//   exceptions near|deep|rethrow|quiet ROUNDS
//
// prints a checksum, and on the error output the nanoseconds of a round. Without exceptions only `quiet` is there.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline))

static unsigned long destroyed;

struct Guard {
    unsigned value;
    NOINLINE explicit Guard(unsigned value) : value(value) {}
    NOINLINE ~Guard() { destroyed += value; }
};

#ifdef __cpp_exceptions

struct Failure {
    unsigned value;
};

// The condition is never false, and no compiler knows.
static volatile bool fails = true;

NOINLINE static unsigned thrower(unsigned value) {
    if (fails) throw Failure{value};
    return value;
}

static unsigned near(unsigned round) {
    try {
        return thrower(round);
    } catch (const Failure &failure) {
        return failure.value + 1;
    }
}

// Every frame has something to destroy.
NOINLINE static unsigned descend(unsigned depth, unsigned value) {
    Guard guard(depth);
    if (depth == 0) return thrower(value) + guard.value;
    return descend(depth - 1, value) + guard.value;
}

static unsigned deep(unsigned round) {
    try {
        return descend(1000, round);
    } catch (const Failure &failure) {
        return failure.value + 1;
    }
}

NOINLINE static unsigned again(unsigned depth, unsigned value) {
    if (depth == 0) return thrower(value);
    try {
        return again(depth - 1, value);
    } catch (Failure &failure) {
        failure.value += depth;
        throw;
    }
}

static unsigned rethrow(unsigned round) {
    try {
        return again(10, round);
    } catch (const Failure &failure) {
        return failure.value;
    }
}

#endif

// What programs do: strings and containers, which have to be destroyed if something throws. Nothing does.
NOINLINE static unsigned word(std::map<std::string, unsigned> &counts, std::vector<std::string> &words, unsigned value) {
    Guard guard(1);
    std::string text;
    // LLVM unrolls this only if nothing in it can throw, which is not what is compared here.
#pragma GCC unroll 1
    for (unsigned digit = 0; digit < 6; digit++, value /= 7) text += char('a' + value % 7);
    words.push_back(text);
    if (words.size() > 64) words.erase(words.begin());
    return ++counts[text.substr(0, 3)] + unsigned(words.front().size());
}

static unsigned quiet(unsigned round) {
    static std::map<std::string, unsigned> counts;
    std::vector<std::string> words;
    unsigned sum = 0;
    for (unsigned i = 0; i < 200; i++) sum += word(counts, words, round * 7919 + i * 104729);
    return sum;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    unsigned (*run)(unsigned) = nullptr;
    if (!std::strcmp(argv[1], "quiet")) run = quiet;
#ifdef __cpp_exceptions
    if (!std::strcmp(argv[1], "near")) run = near;
    if (!std::strcmp(argv[1], "deep")) run = deep;
    if (!std::strcmp(argv[1], "rethrow")) run = rethrow;
#endif
    if (!run) return 2;
    unsigned rounds = unsigned(std::atoi(argv[2]));
    unsigned long sum = 0;
    timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned round = 0; round < rounds; round++) sum += run(round);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double nanoseconds = double(end.tv_sec - start.tv_sec) * 1e9 + double(end.tv_nsec - start.tv_nsec);
    std::printf("%lu %lu\n", sum & 0xffffffff, destroyed & 0xffffffff);
    std::fprintf(stderr, "%.1f\n", nanoseconds / rounds);
}
