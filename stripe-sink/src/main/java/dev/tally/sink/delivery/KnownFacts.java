package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Replay;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is known of many identifiers, in some 66 bytes each: a ledger holds the facts of 37 days, and as objects they would take several
 * times as much. The few that were replayed are kept as objects. An identifier stands as the first 128 bits of its SHA-256, in which no two were ever found to be the same; times are kept to the
 * millisecond, as the ledger keeps them. For one thread.
 */
final class KnownFacts {
    private static final int CHUNK_ROWS = 1 << 10;
    private static final int SMALLEST_TABLE = 1 << 6;
    private static final List<Known.State> STATES = List.of(Known.State.values());
    private static final int STATE_BITS = 3;
    private static final int REASON_BITS = 12;
    private static final int MOST_REASONS = (1 << REASON_BITS) - 1;
    private static final long WHOLE_ELSEWHERE = 1L << (STATE_BITS + REASON_BITS);
    private static final int KEY_SHIFT = STATE_BITS + REASON_BITS + 1;

    // The places of a row.
    private static final int HIGH = 0;
    private static final int LOW = 1;
    private static final int AMOUNT = 2;
    private static final int TIMESTAMP = 3;
    private static final int FIRST_ATTEMPT = 4;
    private static final int AT = 5;
    private static final int REST = 6;
    private static final int WIDTH = 7;

    private final MessageDigest sha256 = sha256();

    /** The identifier asked for last: most are asked for several times in a row, and a hash costs more than all else here. */
    private String last = "";

    private ByteBuffer lastHash = ByteBuffer.wrap(sha256.digest());
    private final List<long[]> chunks = new ArrayList<>();
    private int size;

    /** They are codes, so there are few; a row has the number of its own, from 1. */
    private final List<String> reasons = new ArrayList<>();

    /** What does not fit into a row: of facts that were replayed. */
    private final Map<Hash, Known> elsewhere = new HashMap<>();

    private record Hash(long high, long low) {}

    /** Open addressing with linear probing: a row's number plus one, or 0. */
    private int[] table = new int[SMALLEST_TABLE];

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    int size() {
        return size;
    }

    @Nullable
    Known get(String identifier) {
        ByteBuffer hash = hash(identifier);
        int row = table[slot(hash.getLong(0), hash.getLong(Long.BYTES))] - 1;
        return row < 0 ? null : known(row);
    }

    void put(String identifier, Known known) {
        ByteBuffer hash = hash(identifier);
        long high = hash.getLong(0);
        long low = hash.getLong(Long.BYTES);
        int slot = slot(high, low);
        int row = table[slot] - 1;
        if (row < 0) {
            row = size;
            if (row == chunks.size() * CHUNK_ROWS) {
                chunks.add(new long[CHUNK_ROWS * WIDTH]);
            }
            size = Math.incrementExact(size);
            table[slot] = size;
            set(row, HIGH, high);
            set(row, LOW, low);
        }
        set(row, AMOUNT, known.amount());
        set(row, TIMESTAMP, known.timestamp().toEpochMilli());
        set(row, FIRST_ATTEMPT, known.firstAttemptAt().toEpochMilli());
        set(row, AT, known.at().toEpochMilli());
        int reason = reason(known.reason());
        long rest =
                ((long) known.keyNumber() << KEY_SHIFT) | ((long) reason << STATE_BITS) | STATES.indexOf(known.state());
        boolean fits = reason <= MOST_REASONS && known.replay().equals(Replay.NONE);
        set(row, REST, fits ? rest : WHOLE_ELSEWHERE);
        if (fits) {
            elsewhere.remove(new Hash(high, low));
        } else {
            elsewhere.put(new Hash(high, low), known);
        }
        if (size > table.length / 4 * 3) {
            grow();
        }
    }

    void remove(String identifier) {
        ByteBuffer hash = hash(identifier);
        int row = table[slot(hash.getLong(0), hash.getLong(Long.BYTES))] - 1;
        if (row >= 0) {
            removeRow(row);
        }
    }

    void removeIf(Predicate<Known> condition) {
        // From the end: the row that takes a removed one's place has been judged.
        for (int row = size - 1; row >= 0; row--) {
            if (condition.test(known(row))) {
                removeRow(row);
            }
        }
    }

    private Known known(int row) {
        long rest = get(row, REST);
        if ((rest & WHOLE_ELSEWHERE) != 0) {
            return Objects.requireNonNull(elsewhere.get(new Hash(get(row, HIGH), get(row, LOW))));
        }
        int reason = (int) (rest >>> STATE_BITS) & MOST_REASONS;
        return new Known(
                STATES.get((int) rest & ((1 << STATE_BITS) - 1)),
                reason == 0 ? null : reasons.get(reason - 1),
                get(row, AMOUNT),
                Instant.ofEpochMilli(get(row, TIMESTAMP)),
                Instant.ofEpochMilli(get(row, FIRST_ATTEMPT)),
                (int) (rest >>> KEY_SHIFT),
                Instant.ofEpochMilli(get(row, AT)),
                Replay.NONE);
    }

    /** The number of a reason, beyond the most there can be where it has none. */
    private int reason(@Nullable String reason) {
        if (reason == null) {
            return 0;
        }
        int known = reasons.indexOf(reason);
        if (known < 0 && reasons.size() < MOST_REASONS) {
            reasons.add(reason);
            return reasons.size();
        }
        return known < 0 ? MOST_REASONS + 1 : known + 1;
    }

    /** The last row takes the place of a removed one, so that rows have no gaps. */
    private void removeRow(int row) {
        elsewhere.remove(new Hash(get(row, HIGH), get(row, LOW)));
        close(slot(get(row, HIGH), get(row, LOW)));
        int last = size - 1;
        if (row != last) {
            int moved = slot(get(last, HIGH), get(last, LOW));
            System.arraycopy(chunks.get(last / CHUNK_ROWS), at(last), chunks.get(row / CHUNK_ROWS), at(row), WIDTH);
            table[moved] = row + 1;
        }
        size = last;
        if (chunks.size() > size / CHUNK_ROWS + 1) {
            chunks.removeLast();
        }
    }

    /** Empties a slot, and moves back what lies behind it only because it was taken. */
    private void close(int emptied) {
        int mask = table.length - 1;
        int hole = emptied;
        for (int next = (hole + 1) & mask; table[next] != 0; next = (next + 1) & mask) {
            int wanted = (int) get(table[next] - 1, HIGH) & mask;
            if (((next - wanted) & mask) >= ((next - hole) & mask)) {
                table[hole] = table[next];
                hole = next;
            }
        }
        table[hole] = 0;
    }

    /** Where an identifier is, or would be. */
    private int slot(long high, long low) {
        int mask = table.length - 1;
        int slot = (int) high & mask;
        while (table[slot] != 0 && !(get(table[slot] - 1, HIGH) == high && get(table[slot] - 1, LOW) == low)) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        table = new int[Math.multiplyExact(table.length, 2)];
        for (int row = 0; row < size; row++) {
            table[slot(get(row, HIGH), get(row, LOW))] = row + 1;
        }
    }

    private ByteBuffer hash(String identifier) {
        if (!identifier.equals(last)) {
            lastHash = ByteBuffer.wrap(sha256.digest(identifier.getBytes(StandardCharsets.UTF_8)));
            last = identifier;
        }
        return lastHash;
    }

    private long get(int row, int place) {
        return chunks.get(row / CHUNK_ROWS)[at(row) + place];
    }

    private void set(int row, int place, long value) {
        chunks.get(row / CHUNK_ROWS)[at(row) + place] = value;
    }

    private static int at(int row) {
        return row % CHUNK_ROWS * WIDTH;
    }
}
