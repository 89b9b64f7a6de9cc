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

    /** A sum this long is sent as it is; the next action begins another. Keeps a record well under the size limit of its topic. */
    private static final int MAX_STEPS = 500;

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
        Row row = sum.rows.computeIfAbsent(key, k -> new Row(sum.rows.size(), new TreeMap<>()));
        amounts.forEach((meter, amount) -> row.amounts().merge(meter, amount, Math::addExact));
        sum.steps.add(new UsageStep(row.index(), action.eventId(), action.occurredAt(), amounts));
        if (sum.steps.size() >= MAX_STEPS) {
            sums.remove(subject);
            send(subject, sum);
        }
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
        sums.forEach(this::send);
        sums.clear();
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
