package dev.tally.cli.audit;

import dev.tally.keys.PercentEncoding;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MeterFilter;
import dev.tally.schemas.Rate;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts actions again, from the log alone. Shares no counting code with the topology, on purpose: a fault common to both would hide.
 *
 * <p>Of several records with one identity the first that is read counts. Where a re-send has other content and lies in another
 * partition, the log does not tell which came first; such days may differ by that content.
 */
public final class Recount {

    private static final BigInteger THOUSAND = BigInteger.valueOf(1_000);
    private static final BigInteger HALF = BigInteger.valueOf(500);
    private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

    private final List<Meter> meters;
    private final Identities seen = new Identities();
    private final Map<String, Long> totals = new TreeMap<>();
    private final Map<Integer, Tally> partitions = new TreeMap<>();

    private static final class Tally {
        private long read;
        private long counted;
        private long readOnly;
        private long duplicate;
        private long late;
        private long deadLettered;
    }

    /** Counts with these meters. */
    public Recount(List<Meter> meters) {
        this.meters = List.copyOf(meters);
    }

    /** A record that was kept aside as late. */
    public void late(int partition) {
        Tally of = of(partition);
        of.read++;
        of.late++;
    }

    /** A record that was kept aside as a dead letter. */
    public void deadLettered(int partition) {
        Tally of = of(partition);
        of.read++;
        of.deadLettered++;
    }

    /**
     * An action.
     *
     * @return what it counts for, by meter; empty where it does not count
     */
    public Map<String, Long> action(int partition, ActionEvent action) {
        Tally of = of(partition);
        of.read++;
        if (!seen.add(action.getUserId(), action.getEventId())) {
            of.duplicate++;
            return Map.of();
        }
        if (action.getReadOnly()) {
            of.readOnly++;
            return Map.of();
        }
        of.counted++;
        LocalDate day = LocalDate.ofInstant(action.getOccurredAt(), ZoneOffset.UTC);
        Map<String, Long> amounts = amounts(action);
        amounts.forEach((meter, amount) -> {
            add("user:" + PercentEncoding.encode(action.getUserId()), meter, day, amount);
            if (action.getOrgId() != null) {
                add("org:" + PercentEncoding.encode(action.getOrgId()), meter, day, amount);
            }
        });
        return amounts;
    }

    /** What an action comes to by meter, whether it counts or not. */
    public Map<String, Long> amounts(ActionEvent action) {
        Map<String, Long> amounts = new TreeMap<>();
        for (Meter meter : meters) {
            long amount = amount(meter, action);
            if (amount != 0) {
                amounts.put(meter.getMeterId(), amount);
            }
        }
        return amounts;
    }

    private void add(String subject, String meter, LocalDate day, long amount) {
        String key = subject + "/" + PercentEncoding.encode(meter) + "/DAY/" + day + "T00:00:00Z";
        totals.merge(key, amount, Long::sum);
    }

    private static long amount(Meter meter, ActionEvent action) {
        if (!accepts(meter.getWhere(), action)) {
            return 0;
        }
        return switch (meter.getAggregation()) {
            case COUNT -> 1;
            case SUM ->
                meter.getRates().isEmpty()
                        ? meter.getUnits().stream()
                                .mapToLong(unit -> action.getUsage().getOrDefault(unit, 0L))
                                .sum()
                        : rated(meter.getRates(), action);
            case UNKNOWN -> 0;
        };
    }

    private static boolean accepts(@org.jspecify.annotations.Nullable MeterFilter where, ActionEvent action) {
        return where == null
                || ((where.getActionType() == null || where.getActionType().equals(action.getActionType()))
                        && (where.getModel() == null || where.getModel().equals(action.getModel()))
                        && (where.getTrigger() == null
                                || where.getTrigger().equals(action.getTrigger().name())));
    }

    private static long rated(List<Rate> rates, ActionEvent action) {
        for (Rate rate : rates) {
            String match = rate.getMatch();
            if (match.equals("*") || match.equals(action.getModel()) || match.equals(action.getActionType())) {
                BigInteger credits = BigInteger.valueOf(rate.getPerAction() == null ? 0 : rate.getPerAction());
                if (rate.getUnit() != null && rate.getPer1000() != null) {
                    BigInteger units = BigInteger.valueOf(action.getUsage().getOrDefault(rate.getUnit(), 0L));
                    credits = credits.add(units.multiply(BigInteger.valueOf(rate.getPer1000()))
                            .add(HALF)
                            .divide(THOUSAND));
                }
                // Far more than an action may have: such a one is a dead letter.
                return credits.min(MOST).max(MOST.negate()).longValue();
            }
        }
        return 0;
    }

    private Tally of(int partition) {
        return partitions.computeIfAbsent(partition, p -> new Tally());
    }

    /** What is counted so far. */
    public Reading reading() {
        Map<Integer, Outcomes> outcomes = new TreeMap<>();
        partitions.forEach((partition, of) -> outcomes.put(
                partition, new Outcomes(of.read, of.counted, of.readOnly, of.duplicate, of.late, of.deadLettered)));
        return new Reading(Collections.unmodifiableMap(new TreeMap<>(totals)), Collections.unmodifiableMap(outcomes));
    }
}
