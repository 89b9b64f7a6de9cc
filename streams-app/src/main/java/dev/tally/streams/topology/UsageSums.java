package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.SplitDimension;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSplit;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Usage summed on the heap between two commits, by subject and within it by what the accounts stage tells apart. A sum of a subject with
 * a subscription keeps its actions in order, so that limits are judged action by action however much was summed.
 *
 * <p>To be drained when the catalogue changes: a sum keeps what it has looked up.
 */
final class UsageSums {

    /** A sum of about this size is sent as it is; the next action begins another. Keeps a record well under the size limit of its topic. */
    private static final int MAX_BYTES = 300_000;

    private final Map<Subject, Sum> sums = new LinkedHashMap<>();
    private final Duration billingInterval;
    private final BooleanSupplier awaited;
    private final Consumer<UsageSum> sink;

    /**
     * Sums that go to a sink when drained; one that gets long goes before.
     *
     * @param awaited whether somebody waits for what is summed
     */
    UsageSums(Duration billingInterval, BooleanSupplier awaited, Consumer<UsageSum> sink) {
        this.billingInterval = billingInterval;
        this.awaited = awaited;
        this.sink = sink;
    }

    /**
     * Adds an action to one of its subjects, its user or its org.
     *
     * @param amounts by position of the meters; copied where kept
     */
    void add(Subject subject, Action action, MeterSet meters, long[] amounts, Subject payer, Terms terms) {
        Sum sum = sums.get(subject);
        if (sum == null || sum.meters != meters) {
            if (sum != null) {
                sums.remove(subject);
                send(sum);
            }
            sum = new Sum(subject, meters, terms.subscription(subject).orElse(null));
            sums.put(subject, sum);
        }
        sum.add(action, amounts, payer);
        if (sum.bytes() >= MAX_BYTES) {
            sums.remove(subject);
            send(sum);
        }
    }

    /** Sends all sums. */
    void drain() {
        if (sums.isEmpty()) {
            return;
        }
        // Taken out first: what a failed transaction did not send comes again with its input, never from here.
        List<Sum> all = new ArrayList<>(sums.values());
        sums.clear();
        all.forEach(this::send);
    }

    private void send(Sum sum) {
        sink.accept(sum.toRecord());
    }

    /** No UTF-16 unit takes more than three bytes of UTF-8. */
    private static int utf8(@Nullable String text) {
        return text == null ? 1 : 3 + 3 * text.length();
    }

    private final class Sum {
        private final Subject subject;
        private final MeterSet meters;
        private final @Nullable SubscriptionTerms subscription;
        private final List<Part> parts = new ArrayList<>(2);
        private final Map<Instant, DaySplit> splits = new LinkedHashMap<>();
        private final StepLog steps = new StepLog();
        private String lastEventId = "";
        private int bytes = 64;

        Sum(Subject subject, MeterSet meters, @Nullable SubscriptionTerms subscription) {
            this.subject = subject;
            this.meters = meters;
            this.subscription = subscription;
        }

        int bytes() {
            return bytes + steps.size();
        }

        void add(Action action, long[] amounts, Subject payer) {
            int index = partOf(action.occurredAt(), payer);
            Part part = parts.get(index);
            part.add(amounts, action.occurredAt());
            if (subject.kind() == Subject.Kind.ORG) {
                splits.computeIfAbsent(part.day, day -> new DaySplit()).add(action, amounts);
            }
            if (subscription != null) {
                steps.add(index, action.eventId(), amounts);
            }
            lastEventId = action.eventId();
        }

        private int partOf(Instant at, Subject payer) {
            for (int i = parts.size() - 1; i >= 0; i--) {
                if (parts.get(i).covers(at, payer)) {
                    return i;
                }
            }
            parts.add(newPart(at, payer));
            bytes += 160 + 20 * meters.ids().size() + utf8(payer.id());
            return parts.size() - 1;
        }

        private Part newPart(Instant at, Subject payer) {
            Period day = BillingCalendar.day(at);
            if (subscription == null) {
                return new Part(payer, day.start(), day, null, meters.ids().size());
            }
            Optional<SubscriptionTerms.PhaseTerms> phase = subscription.phaseAt(at);
            if (phase.isEmpty()) {
                Period span = new Period(
                        later(day.start(), from(subscription, at)), earlier(day.end(), to(subscription, at)));
                return new Part(payer, day.start(), span, null, meters.ids().size());
            }
            Period period = BillingCalendar.period(subscription.anchor(), at);
            Period interval = BillingCalendar.interval(period, billingInterval, at);
            // An interval is of one plan: it is cut where another begins.
            Instant start = later(from(subscription, at), interval.start());
            Instant end = earlier(to(subscription, at), interval.end());
            BillingSlot billing = new BillingSlot(
                    period.start(),
                    period.end(),
                    start,
                    end,
                    phase.get().planId(),
                    phase.get().version());
            return new Part(
                    payer,
                    day.start(),
                    new Period(later(day.start(), start), earlier(day.end(), end)),
                    billing,
                    meters.ids().size());
        }

        private static Instant from(SubscriptionTerms of, Instant at) {
            return of.phases().stream()
                    .map(SubscriptionTerms.PhaseTerms::effectiveFrom)
                    .filter(from -> !from.isAfter(at))
                    .max(Instant::compareTo)
                    .orElse(Instant.MIN);
        }

        private static Instant to(SubscriptionTerms of, Instant at) {
            return of.phases().stream()
                    .map(SubscriptionTerms.PhaseTerms::effectiveFrom)
                    .filter(from -> from.isAfter(at))
                    .min(Instant::compareTo)
                    .orElse(Instant.MAX);
        }

        UsageSum toRecord() {
            List<UsagePart> partRecords = new ArrayList<>(parts.size());
            parts.forEach(part -> partRecords.add(part.toRecord()));
            List<UsageSplit> splitRecords = new ArrayList<>();
            splits.forEach((day, split) -> split.addTo(splitRecords, day));
            ByteBuffer inOrder = steps.toBuffer();
            return new UsageSum(
                    subject.text(),
                    meters.ids(),
                    partRecords,
                    splitRecords,
                    inOrder,
                    lastEventId,
                    awaited.getAsBoolean());
        }

        /** What each value of each dimension has of one day. */
        private final class DaySplit {
            private final Map<SplitDimension, Map<@Nullable String, long[]>> rows = new EnumMap<>(SplitDimension.class);

            void add(Action action, long[] amounts) {
                add(SplitDimension.MEMBER, action.userId(), amounts);
                add(SplitDimension.SPACE, action.spaceId(), amounts);
                add(SplitDimension.MODEL, action.model(), amounts);
                add(SplitDimension.ACTION, action.actionType(), amounts);
                add(SplitDimension.TRIGGER, action.trigger(), amounts);
            }

            private void add(SplitDimension by, @Nullable String key, long[] amounts) {
                Map<@Nullable String, long[]> values = rows.computeIfAbsent(by, dimension -> new HashMap<>());
                long[] row = values.get(key);
                if (row == null) {
                    values.put(key, amounts.clone());
                    bytes += 16 + 10 * amounts.length + utf8(key);
                } else {
                    for (int i = 0; i < row.length; i++) {
                        row[i] += amounts[i];
                    }
                }
            }

            void addTo(List<UsageSplit> records, Instant day) {
                rows.forEach((by, values) ->
                        values.forEach((key, amounts) -> records.add(new UsageSplit(day, by, key, boxed(amounts)))));
            }
        }
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private static List<Long> boxed(long[] numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    /** Actions of one payer in a span of time in which nothing changes. */
    private static final class Part {
        private final Subject payer;
        private final Instant day;
        private final Period span;
        private final @Nullable BillingSlot billing;
        private final long[] amounts;
        private final long[] newest;

        Part(Subject payer, Instant day, Period span, @Nullable BillingSlot billing, int meters) {
            this.payer = payer;
            this.day = day;
            this.span = span;
            this.billing = billing;
            this.amounts = new long[meters];
            this.newest = new long[meters];
        }

        boolean covers(Instant at, Subject other) {
            return span.contains(at) && payer.equals(other);
        }

        void add(long[] more, Instant at) {
            for (int i = 0; i < more.length; i++) {
                if (more[i] > 0) {
                    amounts[i] += more[i];
                    newest[i] = Math.max(newest[i], at.toEpochMilli());
                }
            }
        }

        UsagePart toRecord() {
            return new UsagePart(payer.text(), day, billing, boxed(amounts), boxed(newest));
        }
    }
}
