package dev.tally.cli.audit;

import dev.tally.cli.audit.ChargeCatalogue.Standing;
import dev.tally.cli.audit.ChargeCatalogue.Subscribed;
import dev.tally.cli.audit.LimitCatalogue.Allowed;
import dev.tally.cli.audit.LimitCatalogue.Limited;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.UsageWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Counts again what day windows and billing periods have of each subject's limits. Shares no code with the accounts stage, on purpose. */
public final class LimitRecount {

    private static final int SEVERAL = -1;

    private final ChargeCatalogue charges;
    private final LimitCatalogue limits;
    private final boolean onePartition;
    private final Map<WindowId, WindowUse> windows = new HashMap<>();
    private final Map<String, Integer> partitions = new HashMap<>();
    private final Map<String, Stretch> doubts = new HashMap<>();

    /** From the first to the last of some instants. */
    private record Stretch(Instant first, Instant last) {
        Stretch with(Instant at) {
            return new Stretch(at.isBefore(first) ? at : first, at.isAfter(last) ? at : last);
        }
    }

    /**
     * A recount.
     *
     * @param onePartition whether all actions lie in one partition, so that their order is known for every subject
     */
    public LimitRecount(ChargeCatalogue charges, LimitCatalogue limits, boolean onePartition) {
        this.charges = charges;
        this.limits = limits;
        this.onePartition = onePartition;
    }

    /** A record of a user, whether it counts or not. */
    void seen(String userId, int partition) {
        partitions.merge(userId, partition, (before, now) -> before.equals(now) ? before : SEVERAL);
    }

    /**
     * An action that counts.
     *
     * @param settled whether it is processed for sure
     * @param amounts by meter
     * @param payer who pays for it; null: not sure
     */
    void action(
            Place place,
            Instant publishedAt,
            boolean settled,
            ActionEvent action,
            Map<String, Long> amounts,
            @Nullable String payer) {
        add(Subject.user(action.getUserId()).text(), place, publishedAt, settled, action, amounts, payer);
        if (action.getOrgId() != null) {
            add(Subject.org(action.getOrgId()).text(), place, publishedAt, settled, action, amounts, payer);
        }
    }

    private void add(
            String subject,
            Place place,
            Instant publishedAt,
            boolean settled,
            ActionEvent action,
            Map<String, Long> amounts,
            @Nullable String payer) {
        Instant at = action.getOccurredAt();
        Standing standing = charges.standing(subject, at, publishedAt);
        Subscribed subscribed = standing.subscribed();
        if (!standing.sure()) {
            doubts.merge(subject, new Stretch(at, at), (before, now) -> before.with(at));
        }
        BillingMonth period = standing.sure() && subscribed != null && standing.phased() ? subscribed.period(at) : null;
        Optional<Map<Limited, Allowed>> holding = limits.limits(subject, publishedAt);
        Boolean pays = payer == null ? null : (Boolean) payer.equals(subject);
        amounts.forEach((meter, amount) -> {
            WindowId day = WindowId.day(subject, meter, at);
            windows.computeIfAbsent(day, id -> new WindowUse(id.start().plus(Duration.ofDays(1))))
                    .add(
                            action.getEventId(),
                            place,
                            amount,
                            settled,
                            pays,
                            holding.isPresent(),
                            holding.map(of -> of.get(new Limited(meter, LimitWindow.DAY)))
                                    .orElse(null));
            if (period != null) {
                windows.computeIfAbsent(
                                new WindowId(subject, meter, UsageWindow.PERIOD, period.start()),
                                id -> new WindowUse(period.end()))
                        .add(
                                action.getEventId(),
                                place,
                                amount,
                                settled,
                                pays,
                                holding.isPresent(),
                                holding.map(of -> of.get(new Limited(meter, LimitWindow.PERIOD)))
                                        .orElse(null));
            }
        });
    }

    /** All windows that have anything. */
    Map<WindowId, WindowUse> windows() {
        return Collections.unmodifiableMap(windows);
    }

    /** Whether the log tells in which order the actions of a subject were judged. */
    boolean isOrdered(String subject) {
        if (onePartition) {
            return true;
        }
        Subject parsed = Subject.parse(subject);
        return parsed.kind() == Subject.Kind.USER && partitions.getOrDefault(parsed.id(), SEVERAL) != SEVERAL;
    }

    /** Whether some of a subject's actions in a stretch of time may have been judged by another subscription than the present one. */
    boolean isDoubtful(String subject, Instant start, Instant end) {
        Stretch doubt = doubts.get(subject);
        return doubt != null && doubt.first().isBefore(end) && !doubt.last().isBefore(start);
    }
}
