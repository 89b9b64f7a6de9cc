package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.SplitDimension;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSplit;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.Amounts;
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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Usage summed on the heap between two commits, by subject and within it by what the accounts stage tells apart. A sum of a subject with
 * a subscription keeps its actions in order, so that limits are judged action by action however much was summed; any other from the first
 * action on that settles an admission.
 */
final class UsageSums {

    /** A sum of about this size is sent as it is; the next action begins another. Keeps a record well under the size limit of its topic. */
    private static final int MAX_BYTES = 300_000;

    private static final SplitDimension[] DIMENSIONS = {
        SplitDimension.MEMBER, SplitDimension.SPACE, SplitDimension.MODEL, SplitDimension.ACTION, SplitDimension.TRIGGER
    };

    private final List<Entry> begun = new ArrayList<>();
    private final Duration billingInterval;
    private final Terms terms;
    private final BooleanSupplier awaited;
    private final Consumer<UsageSum> sink;
    private MeterSet meters = MeterSet.NONE;
    private long catalogue;

    /**
     * Sums that go to a sink when drained; one that gets long goes before.
     *
     * @param awaited whether somebody waits for what is summed
     */
    UsageSums(Duration billingInterval, Terms terms, BooleanSupplier awaited, Consumer<UsageSum> sink) {
        this.billingInterval = billingInterval;
        this.terms = terms;
        this.awaited = awaited;
        this.sink = sink;
    }

    /** A subject to be summed. May be kept: it follows the catalogue. */
    Entry entry(Subject subject) {
        return new Entry(subject);
    }

    /** To be told when the catalogue has changed, before anything is added under the new one. */
    void catalogueChanged(MeterSet newMeters) {
        drain();
        meters = newMeters;
        catalogue++;
    }

    /**
     * Adds an action to one of its subjects, its user or its org.
     *
     * @param amounts by position of the meters; copied where kept
     * @param pays whether this subject pays for it
     */
    void add(Entry entry, Action action, long[] amounts, boolean pays) {
        Sum sum = entry.sum;
        boolean settles = pays && action.admissionId() != null;
        if (sum != null && settles && sum.steps == null) {
            // What it has so far has no steps.
            sendEarlierOf(entry);
            send(entry);
            sum = null;
        }
        if (sum == null) {
            sum = new Sum(entry, settles);
            entry.sum = sum;
            begun.add(entry);
        }
        sum.add(action, amounts, pays);
        if (sum.bytes() >= MAX_BYTES) {
            sendEarlierOf(entry);
            send(entry);
        }
    }

    /** Where whoever kept a subject's entry has given it up for a new one, what was added to the old one goes first. */
    private void sendEarlierOf(Entry entry) {
        for (Entry other : begun) {
            if (other != entry && other.sum != null && other.text.equals(entry.text)) {
                send(other);
            }
        }
    }

    private void send(Entry entry) {
        Sum sum = entry.sum;
        if (sum != null) {
            entry.sum = null;
            sink.accept(sum.toRecord());
        }
    }

    /** Sends all sums. */
    void drain() {
        if (begun.isEmpty()) {
            return;
        }
        // Taken out first: what a failed transaction did not send comes again with its input, never from here.
        List<Sum> all = new ArrayList<>(begun.size());
        for (Entry entry : begun) {
            Sum sum = entry.sum;
            if (sum != null) {
                all.add(sum);
                entry.sum = null;
            }
        }
        begun.clear();
        all.forEach(sum -> sink.accept(sum.toRecord()));
    }

    /** No UTF-16 unit takes more than three bytes of UTF-8. */
    private static int utf8(@Nullable String text) {
        return text == null ? 1 : 3 + 3 * text.length();
    }

    private static List<Long> boxed(long[] numbers) {
        List<Long> boxed = new ArrayList<>(numbers.length);
        for (long number : numbers) {
            boxed.add(number);
        }
        return boxed;
    }

    /** A subject, with what was worked out for it once. */
    final class Entry {
        private final Subject subject;
        private final String text;
        private long seen = -1;
        private @Nullable SubscriptionTerms subscription;
        private @Nullable BillingSlots slots;
        private boolean limitsShares;
        private @Nullable Sum sum;

        private Entry(Subject subject) {
            this.subject = subject;
            this.text = subject.text();
        }

        /** Whether it was made by these sums, and so follows their catalogue. */
        boolean isOf(UsageSums all) {
            return all == UsageSums.this;
        }

        /** Its subscription; null where it has none. */
        @Nullable
        SubscriptionTerms subscription() {
            follow();
            return subscription;
        }

        private @Nullable BillingSlots slots() {
            follow();
            return slots;
        }

        /** Whether members or spaces of it are limited. */
        private boolean limitsShares() {
            follow();
            return limitsShares;
        }

        private void follow() {
            if (seen != catalogue) {
                seen = catalogue;
                subscription = terms.subscription(subject).orElse(null);
                slots = subscription == null ? null : new BillingSlots(subscription, billingInterval);
                limitsShares = subscription != null && subscription.limitsShares(terms);
            }
        }
    }

    private final class Sum {
        private final Entry entry;
        private final @Nullable BillingSlots slots;
        private final @Nullable StepLog steps;
        private final List<Part> parts = new ArrayList<>(1);
        private final @Nullable Map<SplitKey, DaySplit> splits;
        private final @Nullable Map<String, Integer> names;
        private final List<String> admissions = new ArrayList<>(0);
        private String lastEventId = "";
        private int bytes = 64;

        Sum(Entry entry, boolean settles) {
            this.entry = entry;
            this.slots = entry.slots();
            this.steps = slots == null && !settles ? null : new StepLog();
            this.splits = entry.subject.kind() == Subject.Kind.ORG ? new HashMap<>(4) : null;
            this.names = splits != null && entry.limitsShares() ? new LinkedHashMap<>() : null;
        }

        int bytes() {
            return steps == null ? bytes : bytes + steps.size();
        }

        void add(Action action, long[] amounts, boolean pays) {
            long at = action.occurredAt().toEpochMilli();
            int index = partOf(at, action.occurredAt(), pays);
            Part part = parts.get(index);
            part.add(amounts, at);
            if (part.split != null) {
                bytes += part.split.add(action, amounts);
            }
            if (steps != null) {
                steps.add(
                        index,
                        at - part.day.toEpochMilli(),
                        name(action.userId()),
                        name(action.spaceId()),
                        part.pays ? admission(action.admissionId()) : -1,
                        action.eventId(),
                        amounts);
            }
            lastEventId = action.eventId();
        }

        /** The index of a name; negative where there is none, or none are kept. */
        private int name(@Nullable String text) {
            if (names == null || text == null) {
                return -1;
            }
            Integer known = names.putIfAbsent(text, names.size());
            if (known == null) {
                bytes += 2 + utf8(text);
            }
            return known == null ? names.size() - 1 : known;
        }

        private int admission(@Nullable String id) {
            if (id == null) {
                return -1;
            }
            admissions.add(id);
            bytes += 2 + utf8(id);
            return admissions.size() - 1;
        }

        private int partOf(long at, Instant occurredAt, boolean pays) {
            for (int i = parts.size() - 1; i >= 0; i--) {
                if (parts.get(i).covers(at, pays)) {
                    return i;
                }
            }
            parts.add(newPart(occurredAt, pays));
            bytes += 160 + 20 * meters.ids().size();
            return parts.size() - 1;
        }

        private Part newPart(Instant at, boolean pays) {
            Period day = BillingCalendar.day(at);
            BillingSlots.Span span = slots == null ? new BillingSlots.Span(day, null) : slots.spanAt(at);
            int meterCount = meters.ids().size();
            BillingSlot billing = span.billing();
            SplitKey key = new SplitKey(day.start(), pays && billing != null ? billing.getPeriodStart() : null);
            DaySplit split = splits == null ? null : splits.computeIfAbsent(key, start -> new DaySplit(meterCount));
            return new Part(pays, day.start(), span, split, meterCount);
        }

        UsageSum toRecord() {
            List<UsagePart> partRecords = new ArrayList<>(parts.size());
            parts.forEach(part -> partRecords.add(part.toRecord()));
            List<UsageSplit> splitRecords = new ArrayList<>();
            if (splits != null) {
                splits.forEach((key, split) -> split.addTo(splitRecords, key));
            }
            return new UsageSum(
                    entry.text,
                    meters.ids(),
                    partRecords,
                    splitRecords,
                    steps == null ? ByteBuffer.allocate(0) : steps.toBuffer(),
                    lastEventId,
                    awaited.getAsBoolean(),
                    StepLog.FORM,
                    names == null ? List.of() : List.copyOf(names.keySet()),
                    admissions);
        }
    }

    /**
     * What is split apart.
     *
     * @param period start of the billing period, where the org pays
     */
    private record SplitKey(Instant day, @Nullable Instant period) {}

    /** What each value of each dimension has of one day, of what counts in one billing period. */
    private static final class DaySplit {
        private final AmountsByText[] rows = new AmountsByText[DIMENSIONS.length];
        private final int meters;

        DaySplit(int meters) {
            this.meters = meters;
            Arrays.setAll(rows, i -> new AmountsByText(meters));
        }

        /** Adds an action, and returns about how many bytes that takes. */
        int add(Action action, long[] amounts) {
            return add(0, action.userId(), amounts)
                    + add(1, action.spaceId(), amounts)
                    + add(2, action.model(), amounts)
                    + add(3, action.actionType(), amounts)
                    + add(4, action.trigger(), amounts);
        }

        private int add(int dimension, @Nullable String key, long[] amounts) {
            return rows[dimension].add(key, amounts) ? 16 + 10 * meters + utf8(key) : 0;
        }

        void addTo(List<UsageSplit> records, SplitKey of) {
            for (int i = 0; i < DIMENSIONS.length; i++) {
                SplitDimension by = DIMENSIONS[i];
                rows[i].forEach(
                        (key, amounts) -> records.add(new UsageSplit(of.day(), by, key, boxed(amounts), of.period())));
            }
        }
    }

    /** Actions in a span of time in which nothing changes, all of which the subject pays for, or none. */
    private static final class Part {
        private final boolean pays;
        private final Instant day;
        private final long from;
        private final long to;
        private final @Nullable BillingSlot billing;
        private final @Nullable DaySplit split;
        private final long[] amounts;
        private final long[] newest;

        Part(boolean pays, Instant day, BillingSlots.Span span, @Nullable DaySplit split, int meters) {
            this.pays = pays;
            this.day = day;
            this.from = span.time().start().toEpochMilli();
            this.to = span.time().end().toEpochMilli();
            this.billing = span.billing();
            this.split = split;
            this.amounts = new long[meters];
            this.newest = new long[meters];
        }

        boolean covers(long at, boolean paid) {
            return at >= from && at < to && paid == pays;
        }

        void add(long[] more, long at) {
            for (int i = 0; i < more.length; i++) {
                if (more[i] > 0) {
                    amounts[i] = Amounts.plus(amounts[i], more[i]);
                    newest[i] = Math.max(newest[i], at);
                }
            }
        }

        UsagePart toRecord() {
            return new UsagePart(pays, day, billing, boxed(amounts), boxed(newest));
        }
    }
}
