/* printf, with what it formats. */
#include <stdio.h>

int main(int argc, char **argv) {
    (void)argv;
    printf("Hello, %s!\n", "world");
    printf("%d %5d|%-5d|%05d %+d %x %#o %c %%\n", 42, 42, 42, 42, 42, 0xbeef, 8, 'z');
    printf("%lld %llu %s arguments: %d\n", -9223372036854775807LL - 1, 18446744073709551615ULL, "and", argc - 1);
    return 0;
}
