package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.serde.Decoded;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.ActionRules;
import dev.tally.streams.metering.DeadLetterReason;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.Payers;
import dev.tally.streams.metering.Rejection;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.Refusals;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Takes each record of {@code actions} to its one outcome, at its user's home partition: decode, validate, lateness, duplicate,
 * read-only, counted. Times are compared with the record's append time and the partition's stream time, never with a clock, so the same
 * record gets the same outcome whenever it is read.
 */
final class IntakeProcessor implements Processor<byte[], Message, byte[], Message> {

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int IDLE_TICKS = 3;

    private final IntakeSettings settings;
    private final CatalogueView catalogue;
    private final Freshness freshness;
    private @Nullable Task task;

    IntakeProcessor(IntakeSettings settings, CatalogueView catalogue, Freshness freshness) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.freshness = freshness;
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
            freshness.left(Stage.INTAKE, running.partition);
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
        }
    }

    private static IllegalStateException notInput(Record<byte[], Message> record) {
        return new IllegalStateException("the intake takes no " + record.value().getClass());
    }

    /** What exists once per task. */
    private final class Task {
        private final ProcessorContext<byte[], Message> context;
        private final int partition;
        private final IntakeCounters counters;
        private final EventIds ids;
        private final UserDays days;
        private final UsageSums sums;
        private final Cancellable ticks;
        private @Nullable Instant streamTime;
        private Instant floor;
        private Instant newestAppend = Instant.EPOCH;
        private int ticksWithoutInput;

        Task(ProcessorContext<byte[], Message> context) {
            this.context = context;
            partition = context.taskId().partition();
            WriteBackStore store = context.getStateStore(StoreNames.INTAKE_COUNTERS);
            counters = IntakeCounters.of(store);
            KeyValueStore<Bytes, byte[]> idStore = context.getStateStore(StoreNames.EVENT_IDS);
            ids = new EventIds(idStore, settings.dedupHorizon(), settings.identityKey());
            days = new UserDays(
                    context.getStateStore(StoreNames.USER_DAYS),
                    context.getStateStore(StoreNames.USER_DAYS_EXPIRY),
                    settings.historyRetention());
            sums = new UsageSums(settings.billingInterval(), this::toSubjectLog);
            Long known = counters.get(CounterKeys.streamTimeKey(partition));
            streamTime = known == null ? null : Instant.ofEpochMilli(known);
            Long keptFrom = counters.get(CounterKeys.floorKey(partition));
            floor = keptFrom == null ? Instant.EPOCH : Instant.ofEpochMilli(keptFrom);
            store.beforeCommit(context, this::writeBack);
            ticks = context.schedule(TICK, PunctuationType.WALL_CLOCK_TIME, now -> tick(Instant.ofEpochMilli(now)));
        }

        void take(Record<byte[], Message> record, Message.Incoming incoming) {
            ticksWithoutInput = 0;
            if (incoming.appendedAt().isAfter(newestAppend)) {
                newestAppend = incoming.appendedAt();
            }
            Outcome outcome = switch (incoming.decoded()) {
                case Decoded.Refused<ActionEvent> refused ->
                    new Outcome.DeadLettered(new Rejection(Refusals.reason(refused.reason()), refused.detail()));
                case Decoded.Read<ActionEvent> read ->
                    decide(ActionMapping.action(read.value()), incoming.appendedAt());
            };
            settle(outcome, record, incoming);
        }

        private Outcome decide(Action action, Instant appendedAt) {
            Optional<Rejection> broken = ActionRules.check(action, appendedAt);
            if (broken.isPresent()) {
                return new Outcome.DeadLettered(broken.get());
            }
            Map<String, Long> amounts = new TreeMap<>();
            if (!action.readOnly()) {
                for (MeterDefinition meter : catalogue.meters()) {
                    OptionalLong amount = meter.amountOf(action);
                    if (amount.isEmpty()) {
                        return new Outcome.DeadLettered(new Rejection(
                                DeadLetterReason.AMOUNT_TOO_LARGE, "over 10^12 of meter " + meter.meterId()));
                    }
                    if (amount.getAsLong() > 0) {
                        amounts.put(meter.meterId(), amount.getAsLong());
                    }
                }
            }
            byte[] id = ids.hash(action.userId(), action.eventId());
            if (streamTime != null && action.occurredAt().isBefore(oldestOnTime(streamTime))) {
                return new Outcome.Late(seen(id, streamTime));
            }
            if (streamTime != null && ids.knows(id, streamTime)) {
                return new Outcome.Duplicate();
            }
            Optional<String> full = days.meterWithoutRoom(action, amounts);
            if (full.isPresent()) {
                return new Outcome.DeadLettered(new Rejection(
                        DeadLetterReason.AMOUNT_TOO_LARGE,
                        "over 9 * 10^15 of meter " + full.get() + " by one user in one day"));
            }
            accept(action, id);
            if (action.readOnly()) {
                return new Outcome.ReadOnly();
            }
            count(action, amounts);
            return new Outcome.Counted();
        }

        /**
         * The oldest event time that is not late. A lateness horizon that was raised reaches back only as far as ids and windows
         * have been kept: an older action could have been counted before.
         */
        private Instant oldestOnTime(Instant now) {
            Instant oldest = now.minus(settings.latenessHorizon());
            return floor.isAfter(oldest) ? floor : oldest;
        }

        /** Only once ids have been forgotten can a late action be one of them. */
        private Outcome.Seen seen(byte[] id, Instant now) {
            if (ids.knows(id, now)) {
                return Outcome.Seen.YES;
            }
            boolean forgot = counters.get(CounterKeys.forgottenKey(partition)) != null;
            return forgot ? Outcome.Seen.UNKNOWN : Outcome.Seen.NO;
        }

        private void accept(Action action, byte[] id) {
            if (streamTime == null || action.occurredAt().isAfter(streamTime)) {
                streamTime = action.occurredAt();
                counters.set(CounterKeys.streamTimeKey(partition), streamTime.toEpochMilli());
            }
            ids.remember(id, streamTime);
        }

        private void count(Action action, Map<String, Long> amounts) {
            Subject payer = Payers.of(action, catalogue);
            boolean pays = payer.kind() == Subject.Kind.USER;
            amounts.forEach((meter, amount) -> days.add(action.userId(), meter, action.occurredAt(), amount, pays));
            sums.add(action, amounts, payer, catalogue);
        }

        private void settle(Outcome outcome, Record<byte[], Message> record, Message.Incoming from) {
            int origin = from.partition();
            switch (outcome) {
                case Outcome.DeadLettered dead -> {
                    counters.add(CounterKeys.key(origin, dead.why().reason()), 1);
                    aside(
                            record,
                            from,
                            Headers.aside(
                                    record.headers(),
                                    from,
                                    dead.why().reason().code(),
                                    dead.why().detail(),
                                    null),
                            Names.DEAD_LETTERS_SINK);
                }
                case Outcome.Late late -> {
                    counters.add(CounterKeys.key(origin, Counter.LATE), 1);
                    String detail = "older than " + oldestOnTime(Objects.requireNonNull(streamTime))
                            + "; stream time is " + streamTime;
                    String seen = late.seen().name().toLowerCase(java.util.Locale.ROOT);
                    aside(
                            record,
                            from,
                            Headers.aside(record.headers(), from, "too_late", detail, seen),
                            Names.LATE_ACTIONS_SINK);
                }
                case Outcome.Duplicate ignored -> counters.add(CounterKeys.key(origin, Counter.DUPLICATE), 1);
                case Outcome.ReadOnly ignored -> counters.add(CounterKeys.key(origin, Counter.READ_ONLY), 1);
                case Outcome.Counted ignored -> counters.add(CounterKeys.key(origin, Counter.COUNTED), 1);
            }
        }

        private void aside(Record<byte[], Message> record, Message.Incoming from, RecordHeaders headers, String sink) {
            Message.Aside kept = new Message.Aside(from.value(), from.partition());
            context.forward(new Record<>(from.key(), kept, record.timestamp(), headers), sink);
        }

        private void toSubjectLog(UsageSum sum) {
            forwardInput(sum.getSubject(), sum, context.currentSystemTimeMs());
        }

        private void forwardInput(String key, org.apache.avro.specific.SpecificRecord input, long timestamp) {
            context.forward(
                    new Record<>(key.getBytes(StandardCharsets.UTF_8), new Message.SubjectInput(input), timestamp),
                    Names.INTAKE_LOG_SINK);
        }

        /** Runs inside each commit. Writes only to the write-back store and to a sink: caching stores have had their turn. */
        private void writeBack() {
            sums.drain();
            counters.drain();
        }

        private void forget(Instant now) {
            Instant keptFrom = now.minus(settings.keeps());
            if (keptFrom.isAfter(floor)) {
                floor = keptFrom;
                counters.set(CounterKeys.floorKey(partition), floor.toEpochMilli());
            }
            int forgotten = ids.forget(now);
            if (forgotten > 0) {
                counters.add(CounterKeys.forgottenKey(partition), forgotten);
            }
            days.expire(now);
        }

        private void tick(Instant now) {
            sums.drain();
            boolean idle = ++ticksWithoutInput > IDLE_TICKS;
            freshness.note(Stage.INTAKE, partition, idle ? now : newestAppend, now);
            Instant watermark = idle || streamTime == null ? (idle ? now : Instant.EPOCH) : streamTime;
            forwardInput(
                    Integer.toString(partition),
                    new Tick(partition, now, watermark, streamTime, idle),
                    now.toEpochMilli());
            if (streamTime != null) {
                forget(streamTime);
            }
        }
    }
}
