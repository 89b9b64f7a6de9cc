package dev.tally.streams.topology;

import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.MetersApplied;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.state.AppliedMeters;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.OffsetRuns;
import dev.tally.streams.state.WriteBackStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an intake partition decides that neither an action nor another topic tells: which records were duplicates, and the meters by which
 * actions are counted. Told with the commit, in its transaction, so that whoever reads {@code actions} later can say of each record
 * what became of it.
 */
final class IntakeNotes {

    /** A note of about this size is sent as it is. Keeps a record well under the size limit of its topic. */
    private static final int MOST_BYTES = 300_000;

    /** Meters are said anew after this time of the log, so that whoever reads a part of it finds them without reading all notes. */
    static final Duration AGAIN_AFTER = Duration.ofDays(30);

    /** Takes notes. */
    interface Sink {
        void take(Message.Note note);
    }

    private final int home;
    private final int reset;
    private final WriteBackStore store;
    private final Sink sink;
    private final @Nullable Origin[] origins;
    private final List<Origin> changed = new ArrayList<>();
    private final Instant notedSince;
    private boolean isNotedSinceStored;

    /**
     * @param home the intake partition
     * @param reset how many times the state was given up
     * @param store the intake's counters, as they were at the start of the task
     * @param now wall clock: whatever was decided before is older
     */
    IntakeNotes(int home, int reset, int partitions, WriteBackStore store, Instant now, Sink sink) {
        this.home = home;
        this.reset = reset;
        this.store = store;
        this.sink = sink;
        this.origins = new @Nullable Origin[partitions];
        byte[] stored = store.get(CounterKeys.notedSinceKey(home));
        if (stored != null && !hasGap()) {
            isNotedSinceStored = true;
            notedSince = Instant.ofEpochMilli(Numbers.fromBytes(stored));
        } else {
            notedSince = hasDecided() ? now : Instant.EPOCH;
        }
    }

    /** Whether anything was decided, by a release that took no notes. */
    private boolean hasDecided() {
        return store.get(CounterKeys.actionsPositionKey(home)) != null
                || store.get(CounterKeys.actionsHomePositionKey(home)) != null;
    }

    /** Whether, after notes were taken, a release that takes none has gone on: its duplicates are not known. */
    private boolean hasGap() {
        return !Arrays.equals(
                        store.get(CounterKeys.actionsPositionKey(home)), store.get(CounterKeys.notedActionsKey(home)))
                || !Arrays.equals(
                        store.get(CounterKeys.actionsHomePositionKey(home)),
                        store.get(CounterKeys.notedActionsHomeKey(home)));
    }

    /** Notes that a record was a duplicate. */
    void duplicate(int partition, long offset) {
        Origin origin = origin(partition);
        if (origin.duplicates.size() >= MOST_BYTES || !origin.duplicates.add(offset)) {
            origin.sendDuplicates();
            boolean unused = origin.duplicates.add(offset);
        }
        origin.touch();
    }

    /** Notes by which meters an action is counted, where that has not been said. */
    void counted(int partition, long offset, Instant appendedAt, MeterSet meters) {
        Origin origin = origin(partition);
        if (origin.meters != meters || appendedAt.toEpochMilli() >= origin.sayAgainAt) {
            origin.note(offset, appendedAt, meters);
        }
    }

    void drain() {
        if (!isNotedSinceStored) {
            storeNotedSince();
        }
        for (Origin origin : changed) {
            origin.drain();
        }
        changed.clear();
    }

    private void storeNotedSince() {
        store.put(CounterKeys.notedSinceKey(home), Numbers.toBytes(notedSince.toEpochMilli()));
        store.put(CounterKeys.notedActionsKey(home), store.get(CounterKeys.actionsPositionKey(home)));
        store.put(CounterKeys.notedActionsHomeKey(home), store.get(CounterKeys.actionsHomePositionKey(home)));
        isNotedSinceStored = true;
        if (!notedSince.equals(Instant.EPOCH)) {
            // Also where nothing is counted here for long: who reads the notes must know since when they are whole.
            sink.take(new Message.Note(
                    new MetersApplied(home, home, reset, AppliedMeters.FROM_NOWHERE, notedSince, List.of()), home));
        }
    }

    private Origin origin(int partition) {
        Origin origin = origins[partition];
        if (origin == null) {
            origin = new Origin(partition);
            origins[partition] = origin;
        }
        return origin;
    }

    /** Of the actions that lie in one partition. */
    private final class Origin {
        private final int partition;
        private final List<MetersApplied> said = new ArrayList<>(0);
        private OffsetRuns duplicates = new OffsetRuns();
        private @Nullable MeterSet meters;
        private long sayAgainAt = Long.MIN_VALUE;
        private byte @Nullable [] image;
        private boolean isChanged;

        Origin(int partition) {
            this.partition = partition;
            byte[] stored = store.get(CounterKeys.metersAppliedKey(partition));
            if (stored != null) {
                sayAgainAt = ByteBuffer.wrap(stored).getLong();
                image = Arrays.copyOfRange(stored, Long.BYTES, stored.length);
            }
        }

        void note(long offset, Instant appendedAt, MeterSet now) {
            byte[] newImage = bytes(noteOf(now, 0));
            meters = now;
            if (Arrays.equals(image, newImage) && appendedAt.toEpochMilli() < sayAgainAt) {
                return;
            }
            image = newImage;
            sayAgainAt = appendedAt.plus(AGAIN_AFTER).toEpochMilli();
            said.add(noteOf(now, offset));
            touch();
        }

        private MetersApplied noteOf(MeterSet applied, long from) {
            return new MetersApplied(partition, home, reset, from, notedSince, AppliedMeters.of(applied));
        }

        void touch() {
            if (!isChanged) {
                isChanged = true;
                changed.add(this);
            }
        }

        void sendDuplicates() {
            if (duplicates.count() > 0) {
                // Taken out first: what a failed transaction did not send comes again with its input, never from here.
                OffsetRuns runs = duplicates;
                duplicates = new OffsetRuns();
                sink.take(new Message.Note(
                        new DuplicateActions(partition, home, reset, runs.first(), runs.toBuffer(), runs.count()),
                        partition));
            }
        }

        void drain() {
            isChanged = false;
            if (!said.isEmpty()) {
                byte[] stored = Objects.requireNonNull(image);
                store.put(
                        CounterKeys.metersAppliedKey(partition),
                        ByteBuffer.allocate(Long.BYTES + stored.length)
                                .putLong(sayAgainAt)
                                .put(stored)
                                .array());
                List<MetersApplied> all = List.copyOf(said);
                said.clear();
                all.forEach(note -> sink.take(new Message.Note(note, partition)));
            }
            sendDuplicates();
        }

        /** Only compared with its like: another release's differ, and are said anew. */
        private static byte[] bytes(MetersApplied note) {
            try {
                ByteBuffer buffer = note.toByteBuffer();
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                return bytes;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
