/* Reads standard input by getchar: counts lines, words and letters, and writes the text with its words turned round. */
#include <ctype.h>
#include <stdio.h>

int main(void) {
    int letters[26] = {0}, lines = 0, words = 0, length = 0, byte;
    char word[100];
    while ((byte = getchar()) != EOF) {
        if (isalpha(byte) && length < 99) {
            letters[tolower(byte) - 'a']++;
            word[length++] = (char)byte;
            continue;
        }
        words += length > 0;
        while (length > 0) putchar(word[--length]);
        putchar(byte);
        lines += byte == '\n';
    }
    printf("%d lines, %d words;", lines, words);
    for (int index = 0; index < 26; index++)
        if (letters[index]) printf(" %c%d", 'a' + index, letters[index]);
    putchar('\n');
    return lines;
}
