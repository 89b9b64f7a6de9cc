package dev.tally.streams.topology;

import dev.tally.schemas.Tick;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.serde.Decoded;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.ActionRules;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.metering.MemoTerms;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.Payers;
import dev.tally.streams.metering.Rejection;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.ChangeBoard;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.Refusals;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.ids.IdHash;
import dev.tally.streams.state.ids.IdMemory;
import dev.tally.streams.topology.Counters.Count;
import dev.tally.streams.topology.IntakeUsers.User;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Takes each record of {@code actions} to its one outcome, at its user's home partition: decode, validate, lateness, duplicate,
 * read-only, counted. Times are compared with the record's append time and the partition's stream time, never with a clock, so the same
 * record gets the same outcome whenever it is read.
 */
final class IntakeProcessor implements Processor<byte[], Message, byte[], Message> {

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int IDLE_TICKS = 3;
    private static final byte[] NO_KEY = {};

    private static final int TEND_AFTER = 4_096;
    private static final int TEND_PER_TICK = 250_000;

    private final IntakeSettings settings;
    private final CatalogueView catalogue;
    private final Freshness freshness;
    private final EarlyCommits commits;
    private final Map<Integer, IdMemory.Figures> figures;
    private final ChangeBoard changes;
    private @Nullable Task task;

    /**
     * @param figures where each partition of this process tells of its memory of ids
     * @param changes told of each user whose day has more
     */
    IntakeProcessor(
            IntakeSettings settings,
            CatalogueView catalogue,
            Freshness freshness,
            EarlyCommits commits,
            Map<Integer, IdMemory.Figures> figures,
            ChangeBoard changes) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.freshness = freshness;
        this.commits = commits;
        this.figures = figures;
        this.changes = changes;
    }

    @Override
    public void init(ProcessorContext<byte[], Message> context) {
        task = new Task(context);
    }

    /** A revived task keeps the timers of its former life unless they are cancelled: an old one would tick for input it never sees. */
    @Override
    public void close() {
        Task running = task;
        if (running != null) {
            running.ticks.cancel();
            running.commit.cancel();
            running.fresh.left();
            figures.remove(running.partition);
            task = null;
        }
    }

    @Override
    public void process(Record<byte[], Message> record) {
        switch (record.value()) {
            case Message.Incoming incoming -> Objects.requireNonNull(task).take(record, incoming);
            case Message.Travelling ignored -> throw notInput(record);
            case Message.Aside ignored -> throw notInput(record);
            case Message.SubjectInput ignored -> throw notInput(record);
            case Message.InForce ignored -> throw notInput(record);
            case Message.Snapshot ignored -> throw notInput(record);
            case Message.Alert ignored -> throw notInput(record);
            case Message.Fact ignored -> throw notInput(record);
            case Message.Seat ignored -> throw notInput(record);
            case Message.Decision ignored -> throw notInput(record);
            case Message.Note ignored -> throw notInput(record);
        }
    }

    private static IllegalStateException notInput(Record<byte[], Message> record) {
        return new IllegalStateException("the intake takes no " + record.value().getClass());
    }

    /** What exists once per task. */
    private final class Task {
        private final ProcessorContext<byte[], Message> context;
        private final int partition;
        private final Counters counters;
        private final Count storedStreamTime;
        private final Count storedFloor;
        private final Count windowsFrom;
        private final OutcomeCounts outcomes;
        private final IdHash hash = new IdHash(settings.identityKey());
        private final IdMemory ids;
        private final UserDays days;
        private final UsageSums sums;
        private final MemoTerms terms = new MemoTerms(catalogue);
        private final UsageOrgs orgs;
        private final IntakeNotes notes;
        private final Freshness.Task fresh;
        private final Cancellable ticks;
        private final EarlyCommit commit;
        private final Runnable writeBack;
        private MeterSet meters = MeterSet.NONE;
        private long[] amounts = {};
        private long[] times = {};
        private long catalogueVersion = -1;
        private int acceptedSinceTended;
        private @Nullable Instant streamTime;
        private Instant floor;
        private int ticksWithoutInput;
        private long countedSinceTick;
        private boolean tickDue;
        private boolean idle;

        /** Whose day has more since the last record; null: nobody's. */
        private @Nullable String counted;

        Task(ProcessorContext<byte[], Message> context) {
            this.context = context;
            partition = context.taskId().partition();
            WriteBackStore store = context.getStateStore(StoreNames.INTAKE_COUNTERS);
            counters = Counters.of(store);
            storedStreamTime = counters.count(CounterKeys.streamTimeKey(partition));
            storedFloor = counters.count(CounterKeys.floorKey(partition));
            windowsFrom = counters.count(CounterKeys.windowsFromKey(partition));
            outcomes = new OutcomeCounts(counters, settings.partitions());
            WriteBackStore idStore = context.getStateStore(StoreNames.EVENT_IDS);
            ids = IdMemory.open(
                    new StoredRows(idStore), new IdMemory.Settings(settings.dedupHorizon(), settings.dedupMemory()));
            days = new UserDays(context.getStateStore(StoreNames.USER_DAYS), settings.historyRetention());
            Long known = storedStreamTime.get();
            streamTime = known == null ? null : Instant.ofEpochMilli(known);
            floor = Instant.ofEpochMilli(storedFloor.orElse(0));
            ticks = context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, now -> tick(Instant.ofEpochMilli(now)));
            commit = commits.of(context);
            sums = new UsageSums(settings.billingInterval(), terms, commit::isLive, this::toSubjectLog);
            orgs = new UsageOrgs(sums);
            notes = new IntakeNotes(
                    partition,
                    settings.resets(),
                    settings.partitions(),
                    store,
                    Instant.ofEpochMilli(context.currentSystemTimeMs()),
                    this::toNotes);
            // Only write-back stores and a sink are written to: in a commit, caching stores have had their turn.
            writeBack = store.writeBackBy(
                    context,
                    sums::drain,
                    this::sendTickIfDue,
                    notes::drain,
                    ids::drain,
                    days::writeBack,
                    counters::drain);
            fresh = freshness.begins(Stage.INTAKE, partition, Instant.ofEpochMilli(context.currentSystemTimeMs()));
        }

        void take(Record<byte[], Message> record, Message.Incoming incoming) {
            ticksWithoutInput = 0;
            idle = false;
            commit.note(incoming.appendedAt());
            Outcome outcome = switch (incoming.decoded()) {
                case Decoded.Refused<Action> refused ->
                    new Outcome.DeadLettered(new Rejection(Refusals.reason(refused.reason()), refused.detail()));
                case Decoded.Read<Action> read -> decide(read.value(), incoming);
            };
            settle(outcome, record, incoming);
            writeBack.run();
            // Whatever the engine, queries see it from here on, before the commit.
            if (counted != null) {
                changes.userCounted(counted);
                counted = null;
            }
        }

        private Outcome decide(Action action, Message.Incoming incoming) {
            Optional<Rejection> broken = ActionRules.check(action, incoming.appendedAt());
            if (broken.isPresent()) {
                return new Outcome.DeadLettered(broken.get());
            }
            followCatalogue();
            if (!action.readOnly()) {
                int tooLarge = meters.amountsOf(action, amounts);
                if (tooLarge >= 0) {
                    return new Outcome.DeadLettered(new Rejection(
                            DeadLetterReason.AMOUNT_TOO_LARGE,
                            "over 10^12 of meter " + meters.ids().get(tooLarge)));
                }
            }
            hash.hash(action.userId(), action.eventId());
            if (streamTime != null) {
                if (action.occurredAt().isBefore(oldestOnTime(streamTime))) {
                    return new Outcome.Late(seen());
                }
                if (isKnown()) {
                    return new Outcome.Duplicate();
                }
            }
            if (action.readOnly()) {
                accept(action);
                return new Outcome.ReadOnly();
            }
            User user = Objects.requireNonNull(incoming.user(), "the user of an action that is sound");
            Cell<Totals> day = days.day(user, action.occurredAt());
            int full = day.value().full(meters.ids(), amounts, Amounts.MOST_OF_A_USER_IN_A_DAY);
            if (full >= 0) {
                return new Outcome.DeadLettered(new Rejection(
                        DeadLetterReason.AMOUNT_TOO_LARGE,
                        "over 9 * 10^15 of meter " + meters.ids().get(full) + " by one user in one day"));
            }
            accept(action);
            notes.counted(incoming.partition(), incoming.offset(), incoming.appendedAt(), meters);
            count(action, user, day);
            return new Outcome.Counted();
        }

        /** What was looked up in a catalogue that has changed since is looked up again. */
        private void followCatalogue() {
            long version = catalogue.version();
            if (version != catalogueVersion) {
                terms.forget();
                meters = catalogue.meters();
                sums.catalogueChanged(meters);
                amounts = new long[meters.ids().size()];
                times = new long[amounts.length];
                catalogueVersion = version;
            }
        }

        private boolean isKnown() {
            return ids.knows(
                    hash.hi(), hash.lo(), Objects.requireNonNull(streamTime).toEpochMilli());
        }

        /**
         * The oldest event time that is not late. A lateness horizon that was raised reaches back only as far as ids and windows
         * have been kept: an older action could have been counted before.
         */
        private Instant oldestOnTime(Instant now) {
            Instant oldest = now.minus(settings.latenessHorizon());
            return later(later(oldest, oldestKnownId(now)), floor);
        }

        /** No id that was accepted at this time or later has been forgotten. */
        private Instant oldestKnownId(Instant now) {
            OptionalLong forgotten = ids.forgottenUpTo(now.toEpochMilli());
            return forgotten.isPresent() ? Instant.ofEpochMilli(forgotten.getAsLong() + 1) : Instant.EPOCH;
        }

        private static Instant later(Instant one, Instant other) {
            return one.isAfter(other) ? one : other;
        }

        /** Only once ids have been forgotten can a late action be one of them. */
        private Outcome.Seen seen() {
            if (isKnown()) {
                return Outcome.Seen.YES;
            }
            return ids.forgottenUpTo(Objects.requireNonNull(streamTime).toEpochMilli())
                            .isPresent()
                    ? Outcome.Seen.UNKNOWN
                    : Outcome.Seen.NO;
        }

        private void accept(Action action) {
            if (streamTime == null || action.occurredAt().isAfter(streamTime)) {
                streamTime = action.occurredAt();
                storedStreamTime.set(streamTime.toEpochMilli());
            }
            ids.remember(hash.hi(), hash.lo(), streamTime.toEpochMilli());
            if (++acceptedSinceTended >= TEND_AFTER) {
                tend(0);
            }
        }

        private void tend(int more) {
            acceptedSinceTended = 0;
            ids.tend(Objects.requireNonNull(streamTime).toEpochMilli(), more);
        }

        private void count(Action action, User user, Cell<Totals> day) {
            UsageSums.Entry org = action.orgId() == null ? null : orgs.sums(user, action.orgId());
            boolean orgPays = org != null && Payers.orgPays(org.subscription(), action.occurredAt(), terms);
            Arrays.fill(times, action.occurredAt().toEpochMilli());
            days.set(day, day.value().plus(meters.ids(), amounts, !orgPays, times));
            counted = user.id();
            sums.add(user.sums(sums), action, amounts, !orgPays);
            if (org != null) {
                sums.add(org, action, amounts, orgPays);
            }
        }

        private void settle(Outcome outcome, Record<byte[], Message> record, Message.Incoming from) {
            int origin = from.partition();
            switch (outcome) {
                case Outcome.DeadLettered dead -> {
                    outcomes.add(origin, dead.why().reason());
                    aside(
                            record,
                            from,
                            Headers.aside(
                                    record.headers(),
                                    from,
                                    dead.why().reason().code(),
                                    dead.why().detail(),
                                    null,
                                    settings.resets()),
                            Names.DEAD_LETTERS_SINK);
                }
                case Outcome.Late late -> {
                    outcomes.add(origin, Counter.LATE);
                    String detail = "older than " + oldestOnTime(Objects.requireNonNull(streamTime))
                            + "; stream time is " + streamTime;
                    String seen = late.seen().name().toLowerCase(java.util.Locale.ROOT);
                    aside(
                            record,
                            from,
                            Headers.aside(record.headers(), from, "too_late", detail, seen, settings.resets()),
                            Names.LATE_ACTIONS_SINK);
                }
                case Outcome.Duplicate ignored -> {
                    outcomes.add(origin, Counter.DUPLICATE);
                    notes.duplicate(origin, from.offset());
                }
                case Outcome.ReadOnly ignored -> outcomes.add(origin, Counter.READ_ONLY);
                case Outcome.Counted ignored -> {
                    outcomes.add(origin, Counter.COUNTED);
                    countedSinceTick++;
                }
            }
        }

        private void aside(Record<byte[], Message> record, Message.Incoming from, RecordHeaders headers, String sink) {
            Message.Aside kept = new Message.Aside(from.value(), from.partition());
            context.forward(new Record<>(from.key(), kept, record.timestamp(), headers), sink);
        }

        private void toNotes(Message.Note note) {
            context.forward(
                    new Record<>(NO_KEY, note, context.currentSystemTimeMs(), new RecordHeaders()),
                    Names.INTAKE_NOTES_SINK);
        }

        private void toSubjectLog(UsageSum sum) {
            forwardInput(sum.getSubject(), sum, context.currentSystemTimeMs());
        }

        private void forwardInput(String key, org.apache.avro.specific.SpecificRecord input, long timestamp) {
            context.forward(
                    new Record<>(key.getBytes(StandardCharsets.UTF_8), new Message.SubjectInput(input), timestamp),
                    Names.INTAKE_LOG_SINK);
        }

        private void sendTickIfDue() {
            if (tickDue) {
                tickDue = false;
                sendTick(Instant.ofEpochMilli(context.currentSystemTimeMs()));
            }
        }

        private void forget(Instant now) {
            Instant keptFrom = later(now.minus(settings.historyRetention()), oldestKnownId(now));
            if (keptFrom.isAfter(floor)) {
                floor = keptFrom;
                storedFloor.set(floor.toEpochMilli());
            }
            tend(TEND_PER_TICK);
            windowsFrom.raise(days.expire(now).toEpochMilli());
        }

        /** A tick travels with the commit: it says that the sums before it are all there is up to its time. */
        private void tick(Instant now) {
            idle = ++ticksWithoutInput > IDLE_TICKS && commits.isCaughtUp(partition);
            tickDue = true;
            if (idle) {
                commit.note(now);
            }
            figures.put(partition, ids.figures());
            fresh.note(idle ? now : commit.newest(), now);
            if (streamTime != null) {
                forget(streamTime);
            }
            writeBack.run();
        }

        private void sendTick(Instant now) {
            Instant watermark = idle ? now : streamTime == null ? Instant.EPOCH : streamTime;
            forwardInput(
                    Integer.toString(partition),
                    new Tick(partition, now, watermark, streamTime, idle, countedSinceTick),
                    now.toEpochMilli());
            countedSinceTick = 0;
        }
    }
}
