package dev.tally.streams.entitlements;

import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Scope;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was used, by subject and window, and what an org pays for of each member and space. */
final class ModelUsage {

    private final ModelCatalogue catalogue;
    private final Map<Window, Total> totals = new HashMap<>();
    private final Map<Part, Long> parts = new HashMap<>();

    /** A window of a subject's meter. */
    record Window(String subject, String meter, LimitWindow kind, Instant start) {}

    /** All usage, and that part of it which the subject pays for. */
    record Total(long used, long limitUsed) {}

    /** What an org pays for of one member or space. */
    private record Part(Window window, Scope scope, String id) {}

    ModelUsage(ModelCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    Map<Window, Total> totals() {
        return totals;
    }

    void add(String subject, String meter, long amount, boolean pays, Instant occurredAt) {
        for (LimitWindow kind : List.of(LimitWindow.DAY, LimitWindow.PERIOD)) {
            catalogue.window(subject, kind, occurredAt).ifPresent(span -> {
                Total more = new Total(amount, pays ? amount : 0);
                totals.merge(
                        new Window(subject, meter, kind, span.start()),
                        more,
                        (one, other) -> new Total(one.used + other.used, one.limitUsed + other.limitUsed));
            });
        }
    }

    void addPart(String org, Scope scope, @Nullable String id, String meter, long amount, Instant occurredAt) {
        if (id == null) {
            return;
        }
        for (LimitWindow kind : List.of(LimitWindow.DAY, LimitWindow.PERIOD)) {
            catalogue.window(org, kind, occurredAt).ifPresent(span -> {
                Window window = new Window(org, meter, kind, span.start());
                parts.merge(new Part(window, scope, id), amount, Long::sum);
            });
        }
    }

    /** What the payer pays for in a window, as a whole or of one member or space. */
    long limitUsed(Window window, Scope scope, String id) {
        return switch (scope) {
            case USER, ORG -> totals.getOrDefault(window, new Total(0, 0)).limitUsed();
            case MEMBER, SPACE, UNKNOWN -> parts.getOrDefault(new Part(window, scope, id), 0L);
        };
    }

    /** The members or spaces with usage in a window. */
    List<String> ids(Window window, Scope scope) {
        return parts.keySet().stream()
                .filter(part -> part.window.equals(window) && part.scope == scope)
                .map(Part::id)
                .sorted()
                .toList();
    }
}
