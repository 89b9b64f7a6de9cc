package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.UsageRow;
import dev.tally.schemas.UsageStep;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Terms;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Usage summed on the heap between two commits, by subject and within it by everything the accounts stage tells apart. A sum keeps its
 * actions in order, so that limits are judged action by action however much was summed.
 */
final class UsageSums {

    /** A sum of about this size is sent as it is; the next action begins another. Keeps a record well under the size limit of its topic. */
    private static final int MAX_BYTES = 300_000;

    /** What the accounts stage tells apart within a subject. */
    private record RowKey(
            Subject payer,
            String userId,
            @Nullable String spaceId,
            @Nullable String model,
            @Nullable String actionType,
            @Nullable String trigger,
            Instant day,
            @Nullable BillingSlot billing) {}

    private record Row(int index, Map<String, Long> amounts) {}

    private static final class Sum {
        private final Map<RowKey, Row> rows = new LinkedHashMap<>();
        private final List<UsageStep> steps = new ArrayList<>();
        private int bytes;
    }

    private final Map<Subject, Sum> sums = new LinkedHashMap<>();
    private final Duration interval;
    private final Consumer<UsageSum> sink;

    /** Sums that go to a sink when drained; one that gets long goes before. */
    UsageSums(Duration billingInterval, Consumer<UsageSum> sink) {
        this.interval = billingInterval;
        this.sink = sink;
    }

    /** Adds an action to its user and, if it has one, to its org. */
    void add(Action action, Map<String, Long> amounts, Subject payer, Terms terms) {
        Instant day = BillingCalendar.day(action.occurredAt()).start();
        Subject user = Subject.user(action.userId());
        add(
                user,
                new RowKey(payer, action.userId(), null, null, null, null, day, slot(user, action, terms)),
                action,
                amounts);
        if (action.orgId() != null) {
            Subject org = Subject.org(action.orgId());
            add(
                    org,
                    new RowKey(
                            payer,
                            action.userId(),
                            action.spaceId(),
                            action.model(),
                            action.actionType(),
                            action.trigger(),
                            day,
                            slot(org, action, terms)),
                    action,
                    amounts);
        }
    }

    private void add(Subject subject, RowKey key, Action action, Map<String, Long> amounts) {
        Sum sum = sums.computeIfAbsent(subject, s -> new Sum());
        Row row = sum.rows.get(key);
        if (row == null) {
            row = new Row(sum.rows.size(), new TreeMap<>());
            sum.rows.put(key, row);
            sum.bytes += bytesOf(key) + bytesOf(amounts);
        }
        Map<String, Long> totals = row.amounts();
        amounts.forEach((meter, amount) -> totals.merge(meter, amount, Math::addExact));
        sum.steps.add(new UsageStep(row.index(), action.eventId(), action.occurredAt(), amounts));
        sum.bytes += 32 + utf8(action.eventId()) + bytesOf(amounts);
        if (sum.bytes >= MAX_BYTES) {
            sums.remove(subject);
            send(subject, sum);
        }
    }

    /** At most what a row takes on the wire; a meter's total may take ten bytes and its name stands in row and step. */
    private static int bytesOf(RowKey key) {
        return 96
                + key.payer().text().length()
                + utf8(key.userId())
                + utf8(key.spaceId())
                + utf8(key.model())
                + utf8(key.actionType())
                + utf8(key.trigger());
    }

    private static int bytesOf(Map<String, Long> amounts) {
        return amounts.keySet().stream().mapToInt(meter -> 12 + utf8(meter)).sum();
    }

    /** No UTF-16 unit takes more than three bytes of UTF-8. */
    private static int utf8(@Nullable String text) {
        return text == null ? 1 : 3 + 3 * text.length();
    }

    private @Nullable BillingSlot slot(Subject subject, Action action, Terms terms) {
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        if (subscription.isEmpty()) {
            return null;
        }
        Optional<SubscriptionTerms.PhaseTerms> phase = subscription.get().phaseAt(action.occurredAt());
        if (phase.isEmpty()) {
            return null;
        }
        Period period = BillingCalendar.period(subscription.get().anchor(), action.occurredAt());
        Period slot = BillingCalendar.interval(period, interval, action.occurredAt());
        return new BillingSlot(
                period.start(),
                period.end(),
                slot.start(),
                slot.end(),
                phase.get().planId(),
                phase.get().version());
    }

    /** Sends all sums. */
    void drain() {
        // Taken out first: what a failed transaction did not send comes again with its input, never from here.
        Map<Subject, Sum> all = new LinkedHashMap<>(sums);
        sums.clear();
        all.forEach(this::send);
    }

    private void send(Subject subject, Sum sum) {
        List<UsageRow> rows = new ArrayList<>(sum.rows.size());
        sum.rows.forEach((key, row) -> rows.add(new UsageRow(
                key.payer().text(),
                key.userId(),
                key.spaceId(),
                key.model(),
                key.actionType(),
                key.trigger(),
                key.day(),
                key.billing(),
                row.amounts())));
        sink.accept(new UsageSum(subject.text(), rows, sum.steps));
    }
}
