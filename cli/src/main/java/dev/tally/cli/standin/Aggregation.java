package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a meter makes of its events. Where it has an event time window, Stripe takes events for pre-aggregated: of each UTC hour or day the
 * one received last stands for all (an older copy of its page on recording usage).
 *
 * @param overwrites whether it does; else a window changes nothing
 */
record Aggregation(Formula formula, Window window, boolean overwrites) {

    /** How the events of a span of time become one number. */
    enum Formula {
        SUM,
        /** How many events there are, whatever their values. */
        COUNT,
        /** The value of the latest event by timestamp. */
        LAST
    }

    /** The span of which only the event received last counts. */
    enum Window {
        NONE(1),
        HOUR(3_600),
        DAY(86_400);

        private final long seconds;

        Window(long seconds) {
            this.seconds = seconds;
        }
    }

    /** The counted events of one customer and meter that stand; {@code events} are in the order of their receipt. */
    Collection<MeterEvent> standing(List<MeterEvent> events) {
        List<MeterEvent> counted =
                events.stream().filter(event -> event.error() == null).toList();
        if (window == Window.NONE || !overwrites) {
            return counted;
        }
        Map<Long, MeterEvent> byWindow = new LinkedHashMap<>();
        counted.forEach(
                event -> byWindow.put(Math.floorDiv(event.timestamp().getEpochSecond(), window.seconds), event));
        return byWindow.values();
    }

    /** The number for events that {@link #standing} left. */
    BigDecimal of(Collection<MeterEvent> standing) {
        return switch (formula) {
            case SUM -> standing.stream().map(MeterEvent::value).reduce(BigDecimal.ZERO, BigDecimal::add);
            case COUNT -> BigDecimal.valueOf(standing.size());
            case LAST ->
                standing.stream()
                        .max(Comparator.comparing(MeterEvent::timestamp).thenComparingLong(MeterEvent::sequence))
                        .map(MeterEvent::value)
                        .orElse(BigDecimal.ZERO);
        };
    }
}
