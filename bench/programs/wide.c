/* Loops over memory, freestanding, for 32-bit and 64-bit addresses: the same source, and the same output.
 * -DKERNEL=NAME says which. -DGROWS takes memory from memory.grow, so that its size is not a constant. -DLIBRARY makes a
 * module that another one can be linked with, which then has the better place for its memory. */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef __SIZE_TYPE__ size;

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
/* Pointers of WASI preview 1 are 32 bits wide, whatever the memory's are. */
IMPORT(fd_write) int fd_write(int, u32, u32, u32);

#ifdef GROWS
static void *take(size bytes)
{
    return (void *)(__builtin_wasm_memory_grow(0, (bytes + 65535) / 65536) * 65536);
}
#else
static u8 arena[64 << 20];
static size taken;

static void *take(size bytes)
{
    void *start = arena + taken;
    taken += (bytes + 15) & ~(size)15;
    return start;
}
#endif

static u64 state = 88172645463325252ull;

static u64 next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* The textbook's three loops. */
static u64 matrix(void)
{
    enum { N = 320 };
    double *a = take(N * N * sizeof *a), *b = take(N * N * sizeof *b), *c = take(N * N * sizeof *c);
    for (int i = 0; i < N * N; i++) {
        a[i] = next() % 1000;
        b[i] = next() % 1000;
    }
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i * N + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
    u64 result = 0;
    for (int i = 0; i < N * N; i++)
        result = result * 31 + (u64)c[i];
    return result;
}

/* Bytes from one place to another, one at a time, and backwards. */
static u64 copy(void)
{
    enum { N = 8 << 20 };
    u8 *from = take(N), *to = take(N);
    for (int i = 0; i < N; i++)
        from[i] = next();
    u64 result = 0;
    for (int round = 0; round < 12; round++) {
        for (volatile int once = 1; once; once = 0)
            for (size i = 0; i < N; i++)
                to[i] = from[N - 1 - i] + round;
        result = result * 31 + to[round * 1000];
        u8 *swap = from;
        from = to, to = swap;
    }
    return result;
}

static void sort_words(u32 *words, long count)
{
    while (count > 16) {
        u32 pivot = words[count / 2];
        long low = 0, high = count - 1;
        for (;;) {
            while (words[low] < pivot)
                low++;
            while (words[high] > pivot)
                high--;
            if (low >= high)
                break;
            u32 word = words[low];
            words[low++] = words[high];
            words[high--] = word;
        }
        sort_words(words, high + 1);
        words += high + 1, count -= high + 1;
    }
    for (long i = 1; i < count; i++) {
        u32 word = words[i];
        long j = i;
        for (; j > 0 && words[j - 1] > word; j--)
            words[j] = words[j - 1];
        words[j] = word;
    }
}

static u64 sort(void)
{
    enum { N = 2 << 20 };
    u32 *words = take(N * sizeof *words);
    for (int i = 0; i < N; i++)
        words[i] = next();
    sort_words(words, N);
    u64 result = 0;
    for (int i = 0; i < N; i++)
        result = result * 31 + words[i];
    return result;
}

/* A table with open addressing: as many look-ups as insertions. */
static u64 hash(void)
{
    enum { SLOTS = 1 << 16 };
    struct slot { u64 key, count; } *slots = take(SLOTS * sizeof *slots);
    u64 result = 0;
    for (int i = 0; i < 6000000; i++) {
        u64 key = next() % 40000 + 1;
        u32 at = key * 0x9e3779b97f4a7c15ull >> 48;
        while (slots[at].key && slots[at].key != key)
            at = (at + 1) % SLOTS;
        slots[at].key = key;
        result += ++slots[at].count;
    }
    return result;
}

static u64 sieve(void)
{
    enum { N = 4 << 20 };
    u8 *composite = take(N);
    u64 result = 0;
    for (int round = 0; round < 6; round++) {
        for (size i = 0; i < N; i++)
            composite[i] = 0;
        for (size i = 2; i < N; i++)
            if (!composite[i]) {
                result += i;
                for (size j = i * 2; j < N; j += i)
                    composite[j] = 1;
            }
    }
    return result;
}

/* A byte and a table's word at a time. */
static u64 crc(void)
{
    enum { N = 4 << 20 };
    u32 *table = take(256 * sizeof *table);
    u8 *bytes = take(N);
    for (u32 i = 0; i < 256; i++) {
        u32 word = i;
        for (int bit = 0; bit < 8; bit++)
            word = word & 1 ? word >> 1 ^ 0xedb88320 : word >> 1;
        table[i] = word;
    }
    for (int i = 0; i < N; i++)
        bytes[i] = next();
    u32 result = -1;
    for (int round = 0; round < 12; round++)
        for (size i = 0; i < N; i++)
            result = result >> 8 ^ table[(u8)(result ^ bytes[i])];
    return result;
}

/* A binary tree whose nodes are found by number: records, fields, and jumps about. */
static u64 tree(void)
{
    enum { N = 200000 };
    struct node { u64 key; u32 left, right, count, depth; } *nodes = take((N + 1) * sizeof *nodes);
    u32 used = 1;
    u64 result = 0;
    for (int i = 0; i < 800000; i++) {
        u64 key = next() % N;
        u32 at = 1, depth = 0;
        if (used == 1)
            nodes[used++].key = key;
        while (nodes[at].key != key) {
            u32 *link = key < nodes[at].key ? &nodes[at].left : &nodes[at].right;
            if (!*link) {
                nodes[used].key = key;
                nodes[used].depth = depth;
                *link = used++;
            }
            at = *link;
            depth++;
        }
        result += ++nodes[at].count * nodes[at].depth;
    }
    return result;
}

/* The mean of nine neighbours. */
static u64 blur(void)
{
    enum { W = 1024, H = 1024 };
    u32 *from = take(W * H * sizeof *from), *to = take(W * H * sizeof *to);
    for (int i = 0; i < W * H; i++)
        from[i] = next() & 0xffff;
    for (int round = 0; round < 6; round++) {
        for (int y = 1; y < H - 1; y++)
            for (int x = 1; x < W - 1; x++) {
                const u32 *p = from + y * W + x;
                to[y * W + x] = (p[-W - 1] + p[-W] + p[-W + 1] + p[-1] + p[0] + p[1] + p[W - 1] + p[W] + p[W + 1]) / 9;
            }
        u32 *swap = from;
        from = to, to = swap;
    }
    u64 result = 0;
    for (int i = 0; i < W * H; i++)
        result = result * 31 + from[i];
    return result;
}

#ifdef LIBRARY
__attribute__((export_name("_initialize")))
#else
__attribute__((export_name("_start")))
#endif
void start(void)
{
    static char text[17];
    static u32 vector[2], written;
    u64 result = KERNEL();
    for (int i = 15; i >= 0; i--, result >>= 4)
        text[i] = "0123456789abcdef"[result & 15];
    text[16] = '\n';
    vector[0] = (u32)(size)text;
    vector[1] = sizeof text;
    fd_write(1, (u32)(size)vector, 1, (u32)(size)&written);
}
