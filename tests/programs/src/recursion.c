/* Calls: Ackermann, the towers of Hanoi, queens by backtracking, mutual recursion through function pointers. */
#include <stdio.h>

static unsigned ackermann(unsigned m, unsigned n) {
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static unsigned long hanoi(int disks, int from, int to, int by) {
    if (disks == 0) return 0;
    unsigned long moves = hanoi(disks - 1, from, by, to);
    return moves + 1 + hanoi(disks - 1, by, to, from);
}

static int queens(unsigned columns, unsigned left, unsigned right, unsigned all) {
    if (columns == all) return 1;
    int count = 0;
    for (unsigned free = all & ~(columns | left | right); free; free &= free - 1) {
        unsigned bit = free & -free;
        count += queens(columns | bit, (left | bit) << 1, (right | bit) >> 1, all);
    }
    return count;
}

typedef int (*parity)(unsigned);
static int odd(unsigned number);
static int even(unsigned number) { return number == 0 ? 1 : odd(number - 1); }
static int odd(unsigned number) { return number == 0 ? 0 : even(number - 1); }
static parity volatile parities[2] = {even, odd};

typedef struct { double x, y, z; int tag; } point;
static point moved(point p, int depth) {
    p.x += depth;
    p.y *= 1.5;
    p.tag++;
    return depth ? moved(p, depth - 1) : p;
}

int main(void) {
    printf("ackermann %u %u\n", ackermann(2, 300), ackermann(3, 6));
    printf("hanoi %lu\n", hanoi(16, 1, 3, 2));
    for (int size = 4; size <= 9; size++) printf("queens %d: %d\n", size, queens(0, 0, 0, (1u << size) - 1));
    printf("parity %d %d\n", parities[0](1001), parities[1](1001));
    point end = moved((point){1, 2, 3, 4}, 20);
    printf("point %g %g %g %d\n", end.x, end.y, end.z, end.tag);
    return 0;
}
