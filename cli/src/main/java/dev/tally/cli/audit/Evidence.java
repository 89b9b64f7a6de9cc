package dev.tally.cli.audit;

import dev.tally.cli.audit.Difference.Span;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gathers from the log the events that make the figures of differences: some of each, with how many more there are. */
public final class Evidence {

    private static final int MOST_NAMED = 5;

    private final Map<Span, Events> bySpan = new HashMap<>();
    private final Map<String, List<Events>> bySubject = new HashMap<>();

    /** Some of a number of events. */
    private static final class Some {
        private final List<String> named = new ArrayList<>(MOST_NAMED);
        private long more;

        void add(String event) {
            if (named.size() < MOST_NAMED) {
                named.add(event);
            } else {
                more++;
            }
        }

        boolean isEmpty() {
            return named.isEmpty();
        }

        @Override
        public String toString() {
            return String.join(", ", named) + (more == 0 ? "" : String.format(" and %,d more", more));
        }
    }

    private static final class Events {
        private final Span span;
        private final Some counted = new Some();
        private final Some notCounted = new Some();
        private final Some exact = new Some();
        private long number;
        private long sum;

        Events(Span span) {
            this.span = span;
        }

        boolean covers(ActionEvent action) {
            return !action.getOccurredAt().isBefore(span.start())
                    && action.getOccurredAt().isBefore(span.end());
        }

        void add(ActionEvent action, Place place, long amount, Optional<String> notCountedBecause) {
            String event = action.getEventId() + " (" + place + (amount == 1 ? "" : ", " + amount) + ")";
            if (notCountedBecause.isPresent()) {
                notCounted.add(event + " " + notCountedBecause.get());
            } else {
                number++;
                sum = Math.addExact(sum, amount);
                counted.add(event);
            }
            // What is missing was counted in the log; what is too much may be what was not to count, or was counted
            // twice.
            boolean fits =
                    notCountedBecause.isPresent() ? amount == span.tooMuch() : amount == Math.abs(span.tooMuch());
            if (fits) {
                exact.add(event + notCountedBecause.map(why -> " " + why).orElse(""));
            }
        }

        List<String> lines() {
            List<String> lines = new ArrayList<>();
            lines.add(
                    number == 0
                            ? "no event of the log counts there"
                            : String.format("%,d events of the log count there, %,d in all: %s", number, sum, counted));
            if (!notCounted.isEmpty()) {
                lines.add("not counted there: " + notCounted);
            }
            if (!exact.isEmpty()) {
                lines.add("just the difference" + (span.tooMuch() < 0 ? ", if it is missing: " : ": ") + exact);
            }
            return lines;
        }
    }

    /** Differences that are to be explained. */
    public Evidence(List<Difference> differences) {
        for (Difference difference : differences) {
            Span span = difference.span();
            if (span != null && !bySpan.containsKey(span)) {
                Events events = new Events(span);
                bySpan.put(span, events);
                bySubject
                        .computeIfAbsent(span.subject(), of -> new ArrayList<>(1))
                        .add(events);
            }
        }
    }

    /** Whether the log need not be read. */
    boolean isEmpty() {
        return bySpan.isEmpty();
    }

    /**
     * An event of the log.
     *
     * @param amounts what it comes to, by meter
     * @param notCountedBecause empty where it counts
     */
    void action(ActionEvent action, Place place, Map<String, Long> amounts, Optional<String> notCountedBecause) {
        add(Subject.Kind.USER, action.getUserId(), action, place, amounts, notCountedBecause);
        if (action.getOrgId() != null) {
            add(Subject.Kind.ORG, action.getOrgId(), action, place, amounts, notCountedBecause);
        }
    }

    private void add(
            Subject.Kind kind,
            String id,
            ActionEvent action,
            Place place,
            Map<String, Long> amounts,
            Optional<String> notCountedBecause) {
        String text;
        try {
            text = new Subject(kind, id).text();
        } catch (IllegalArgumentException invalid) {
            // A dead letter: it is of nobody.
            return;
        }
        for (Events events : bySubject.getOrDefault(text, List.of())) {
            Long amount = amounts.get(events.span.meter());
            if (amount != null && events.covers(action)) {
                events.add(action, place, amount, notCountedBecause);
            }
        }
    }

    /** A difference with the events that make it. */
    public Difference explain(Difference difference) {
        Events events = difference.span() == null ? null : bySpan.get(difference.span());
        return events == null ? difference : difference.because(events.lines());
    }
}
