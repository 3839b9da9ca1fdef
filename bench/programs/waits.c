// Says hello and waits for the end of its input, so that one can look at its memory.
#include <stdio.h>

int main(void) {
    puts("hello");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
