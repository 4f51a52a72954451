/* Answers requests on standard input with liblz4, so that tests need no cgo.
 * A request is an operation, the room for its result, the size of its input
 * (both 32 bits, native order) and the input; the answer is what liblz4
 * returned, and that many bytes if it is positive. */
#include <lz4.h>
#include <lz4hc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    for (;;) {
        uint8_t op;
        uint32_t size[2];
        if (fread(&op, 1, 1, stdin) != 1)
            return 0;
        if (fread(size, sizeof size, 1, stdin) != 1)
            return 1;
        char *out = malloc(size[0] + 1), *in = malloc(size[1] + 1);
        if (!out || !in || fread(in, 1, size[1], stdin) != size[1])
            return 1;
        int32_t n = -1;
        switch (op) {
        case 'd': n = LZ4_decompress_safe(in, out, (int)size[1], (int)size[0]); break;
        case 'c': n = LZ4_compress_default(in, out, (int)size[1], (int)size[0]); break;
        case 'h': n = LZ4_compress_HC(in, out, (int)size[1], (int)size[0], 9); break;
        }
        fwrite(&n, sizeof n, 1, stdout);
        if (n > 0)
            fwrite(out, 1, (size_t)n, stdout);
        fflush(stdout);
        free(out);
        free(in);
    }
}
