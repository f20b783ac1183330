/* Looks files up in memories of several sizes, as novelty.py does, and checks what it is told. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Memory Memory;
typedef struct { uint64_t start, end, slot; } Chunk;

Memory *picket_novelty_new(const uint8_t *secret, uint32_t power);
void picket_novelty_free(Memory *memory);
int64_t picket_novelty_look(Memory *memory, const uint8_t *text, uint64_t size, uint64_t *spans, uint64_t *known,
                            uint64_t room);
const Chunk *picket_novelty_fresh(const Memory *memory, uint64_t *count);
void picket_novelty_learn(Memory *memory, const uint64_t *places, const uint32_t *values, uint64_t count);

static uint8_t *content(const char *name, uint64_t *size) {
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END)) exit(2);
    *size = (uint64_t)ftell(file);
    rewind(file);
    uint8_t *text = malloc(*size); /* of exactly its size, so that a read behind it is seen */
    if (fread(text, 1, *size, file) != *size) exit(2);
    fclose(file);
    return text;
}

int main(int count, char **names) {
    const uint8_t secret[32] = "0123456789abcdef0123456789abcde";
    for (uint32_t power = 0; power <= 12; power += 3) {
        Memory *memory = picket_novelty_new(secret, power);
        if (memory == NULL) return 2;
        for (int each = 1; each < count; each++) {
            uint64_t size, fresh, covered = 0, last = 0;
            uint8_t *text = content(names[each], &size);
            uint64_t room = each % 5 ? size / 512 + 1 : 2;
            uint64_t *spans = malloc(16 * room), *known = malloc(16 * room);
            int64_t told = picket_novelty_look(memory, text, size, spans, known, room);
            const Chunk *chunks = picket_novelty_fresh(memory, &fresh);
            for (uint64_t at = 0; at < fresh; at++) {
                if (chunks[at].start < last || chunks[at].end <= chunks[at].start || chunks[at].end > size) return 3;
                last = chunks[at].end;
                covered += last - chunks[at].start;
            }
            if (told >= 0) {
                uint64_t spanned = 0;
                for (uint64_t at = 0; at < ((uint64_t)told & 0xFFFFFFFF); at++) spanned += spans[2 * at + 1] - spans[2 * at];
                if (spanned != covered) return 4;
            }
            const uint64_t places[3] = {0, fresh ? fresh - 1 : 0, fresh + 7};
            const uint32_t values[3] = {3, 4, 5};
            picket_novelty_learn(memory, places, values, each % 3 ? 3 : 0);
            free(spans);
            free(known);
            free(text);
        }
        picket_novelty_free(memory);
    }
    return 0;
}
