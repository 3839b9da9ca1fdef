/* The string library, malloc and realloc. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *reversed(const char *text) {
    size_t length = strlen(text);
    char *copy = malloc(length + 1);
    for (size_t index = 0; index < length; index++) copy[index] = text[length - 1 - index];
    copy[length] = 0;
    return copy;
}

int main(void) {
    char text[] = "the quick brown fox jumps over the lazy dog";
    char *joined = NULL;
    size_t length = 0;
    int words = 0;
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        char *turned = reversed(word);
        turned[0] = (char)toupper((unsigned char)turned[0]);
        size_t more = strlen(turned);
        joined = realloc(joined, length + more + 2);
        memcpy(joined + length, turned, more + 1);
        length += more;
        joined[length++] = '-';
        joined[length] = 0;
        free(turned);
        words++;
    }
    joined[length - 1] = 0;
    printf("%d words: %s\n", words, joined);
    printf("strchr %s, strstr %s, strcmp %d, strspn %zu\n", strchr(joined, 'X'), strstr(joined, "God"),
           strcmp("abc", "abd") < 0, strspn("aabbc", "ab"));
    char buffer[32];
    memset(buffer, '*', sizeof buffer);
    snprintf(buffer, sizeof buffer, "%.*s", 10, joined);
    memmove(buffer + 3, buffer, 11);
    printf("%s %zu\n", buffer, strlen(buffer));
    printf("%ld %ld %.3f\n", strtol("-1234xyz", NULL, 10), strtol("ff", NULL, 16), strtod("2.5e3", NULL));
    free(joined);

    /* Enough to make the memory grow. */
    size_t total = 0;
    char *blocks[64];
    for (int index = 0; index < 64; index++) {
        blocks[index] = malloc(100000);
        memset(blocks[index], index, 100000);
    }
    for (int index = 0; index < 64; index++) {
        for (int at = 0; at < 100000; at += 999) total += (unsigned char)blocks[index][at];
        free(blocks[index]);
    }
    printf("total %zu\n", total);
    return 0;
}
