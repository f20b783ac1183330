/* Which parts of a text were never seen before: the compiled half of novelty.py, loaded by ctypes.

   A text is cut into chunks where its own lines say, so that equal passages are cut alike wherever they stand. A chunk
   is known by keyed hashes of at least 64 bits over itself, the whole chunk before it and the bytes right behind it. Nothing
   here trusts the text: every access lies within [0, size). */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 512, BEHIND = 160, MOST = 4096, KEEN = 2, GEAR_KEEN = 8, UNKNOWN = 0, PENDING = 1 };

typedef struct { uint64_t key; uint32_t check, value; } Slot;
typedef struct { uint64_t start, end, slot; } Chunk;

typedef struct {
    uint64_t secret[4], gear[256];
    Slot *slots;
    uint64_t mask, used, most;
    Chunk *fresh; /* chunks of the last text that were not known */
    uint64_t count, room;
} Memory;

static uint64_t load(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static uint64_t mix(uint64_t one, uint64_t other) {
    __uint128_t product = (__uint128_t)one * other;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two hashes of a chunk at once; the last bytes are read through a buffer that is filled up with zeros. */
static void hash(const Memory *memory, const uint8_t *text, uint64_t size, uint64_t out[2]) {
    const uint64_t *secret = memory->secret;
    uint64_t one = secret[0] ^ size, other = secret[1] + size;
    const uint8_t *end = text + (size & ~(uint64_t)31);
    uint8_t rest[32] = {0};
    for (; text < end; text += 32) {
        one = mix(load(text) ^ one, load(text + 8) ^ secret[2]);
        other = mix(load(text + 16) ^ other, load(text + 24) ^ secret[3]);
    }
    memcpy(rest, text, size & 31);
    one = mix(load(rest) ^ one, load(rest + 8) ^ secret[2]);
    other = mix(load(rest + 16) ^ other, load(rest + 24) ^ secret[3]);
    out[0] = mix(one ^ secret[1], other ^ secret[0]);
    out[1] = mix(one ^ secret[3], other ^ secret[2]);
}

/* Where the chunk ends that begins at *start*: after a line that is followed by one of those that a quarter of all
   lines are, else, where lines are longer than that, by the last bytes as they come. */
static uint64_t cut(const Memory *memory, const uint8_t *text, uint64_t size, uint64_t start) {
    uint64_t last = size - start <= MOST ? size : start + MOST, at, state = 0;
    if (size - start <= LEAST) return size;
    for (at = start + LEAST; at < last;) {
        const uint8_t *line = memchr(text + at, '\n', last - at);
        if (line == NULL || (uint64_t)(line - text) + 9 > size) break;
        at = (uint64_t)(line - text) + 1;
        if (mix(load(text + at) ^ memory->secret[0], memory->secret[1]) >> (64 - KEEN) == 0) return at;
    }
    for (at = start + LEAST; at < last; at++) {
        state = (state << 1) + memory->gear[text[at]];
        if (state >> (64 - GEAR_KEEN) == 0 && at - start >= LEAST + 64) return at + 1;
    }
    return last;
}

void picket_novelty_forget(Memory *memory) {
    memset(memory->slots, 0, (memory->mask + 1) * sizeof(Slot));
    memory->used = 0;
}

/* Makes a memory of 1 << *power* places at most half full; NULL without room. *secret* is 32 random bytes. */
Memory *picket_novelty_new(const uint8_t *secret, uint32_t power) {
    Memory *memory = calloc(1, sizeof(Memory));
    if (memory == NULL) return NULL;
    memcpy(memory->secret, secret, sizeof memory->secret);
    for (int each = 0; each < 256; each++)
        memory->gear[each] = mix(memory->secret[2] + (uint64_t)each * 0x9E3779B97F4A7C15u, memory->secret[3] | 1);
    memory->mask = ((uint64_t)1 << power) - 1;
    memory->most = (memory->mask + 1) / 2;
    memory->slots = calloc(memory->mask + 1, sizeof(Slot));
    if (memory->slots == NULL) { free(memory); return NULL; }
    return memory;
}

void picket_novelty_free(Memory *memory) {
    free(memory->slots);
    free(memory->fresh);
    free(memory);
}

/* Looks up all chunks of a text. What is not known is put into the memory as PENDING, and into `fresh`.

   *spans* gets (start, end) of joined chunks that are not known, *known* (start, value) of those that are and have a
   value of their own; each has room for *room* pairs. Returns the number of spans and, in the upper half, of known
   ones; -1 where memory is short or the room was not enough: then nothing of the text counts as looked up. */
int64_t picket_novelty_look(Memory *memory, const uint8_t *text, uint64_t size, uint64_t *spans, uint64_t *known,
                            uint64_t room) {
    uint64_t before[2] = {0, 0}, here[2], behind[2], found = 0, remembered = 0;
    memory->count = 0;
    if (size / LEAST + 1 > memory->most) return -1;
    if (memory->used + size / LEAST + 1 > memory->most) picket_novelty_forget(memory);
    for (uint64_t start = 0, end; start < size; start = end) {
        end = cut(memory, text, size, start);
        hash(memory, text + start, end - start, here);
        hash(memory, text + end, size - end < BEHIND ? size - end : BEHIND, behind);
        uint64_t key = mix(mix(here[0] ^ memory->secret[2], before[0] + 1), behind[0]);
        uint64_t full = mix(mix(here[1], before[1] ^ memory->secret[1]) + 1, behind[1]) ^ key;
        uint32_t check = (uint32_t)(full >> 32) ^ (uint32_t)full;
        uint64_t at = key & memory->mask;
        while (memory->slots[at].value != UNKNOWN && (memory->slots[at].key != key || memory->slots[at].check != check))
            at = (at + 1) & memory->mask;
        Slot *slot = &memory->slots[at];
        if (slot->value <= PENDING) {
            if (memory->count == memory->room) {
                uint64_t more = memory->room ? memory->room * 2 : 256;
                Chunk *grown = realloc(memory->fresh, more * sizeof(Chunk));
                if (grown == NULL) return -1;
                memory->fresh = grown;
                memory->room = more;
            }
            memory->fresh[memory->count++] = (Chunk){start, end, at};
            if (slot->value == UNKNOWN) memory->used++;
            *slot = (Slot){key, check, PENDING};
            if (found && spans[2 * found - 1] == start) {
                spans[2 * found - 1] = end;
            } else {
                if (found == room) return -1;
                spans[2 * found] = start;
                spans[2 * found++ + 1] = end;
            }
        } else if (slot->value > PENDING + 1) {
            if (remembered == room) return -1;
            known[2 * remembered] = start;
            known[2 * remembered++ + 1] = slot->value;
        }
        before[0] = here[0];
        before[1] = here[1];
    }
    return (int64_t)(remembered << 32 | found);
}

/* The chunks that the last text added: three numbers each, of which the first two are its start and its end. */
const Chunk *picket_novelty_fresh(const Memory *memory, uint64_t *count) {
    *count = memory->count;
    return memory->fresh;
}

/* Ends looking at a text: what it added has no value (PENDING + 1) but for the chunks at *places*, which get *values*
   (above that). */
void picket_novelty_learn(Memory *memory, const uint64_t *places, const uint32_t *values, uint64_t count) {
    for (uint64_t each = 0; each < memory->count; each++) memory->slots[memory->fresh[each].slot].value = PENDING + 1;
    for (uint64_t each = 0; each < count; each++)
        if (places[each] < memory->count) memory->slots[memory->fresh[places[each]].slot].value = values[each];
    memory->count = 0;
}
