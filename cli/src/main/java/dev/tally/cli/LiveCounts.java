package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.audit.Difference;
import dev.tally.cli.audit.SaidWindow;
import dev.tally.cli.audit.WindowComparison;
import dev.tally.cli.audit.WindowId;
import dev.tally.schemas.UsageWindow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** What streams-app answers about day windows, the latest first. */
final class LiveCounts {

    private static final int AT_MOST = 2_000;

    private final Function<String, Optional<AppClient.Reply>> app;
    private final AuditScope scope;
    private final List<SaidWindow> answers = new ArrayList<>();
    private long asked;
    private long windows;
    private long stale;
    private long gone;
    private boolean reached = true;

    private LiveCounts(Function<String, Optional<AppClient.Reply>> app, AuditScope scope) {
        this.app = app;
        this.scope = scope;
    }

    /**
     * Asks for them.
     *
     * @param app answers a path of streams-app; empty where it cannot be reached
     * @param all what was recounted; what lies out of the scope is left out, as are all but the latest of very many
     */
    static LiveCounts ask(Function<String, Optional<AppClient.Reply>> app, AuditScope scope, Set<WindowId> all) {
        LiveCounts counts = new LiveCounts(app, scope);
        counts.ask(all);
        return counts;
    }

    private void ask(Set<WindowId> all) {
        Predicate<WindowId> days = window -> window.window() == UsageWindow.DAY && scope.holds(window);
        List<WindowId> latest = all.stream()
                .filter(days)
                .sorted(Comparator.comparing(WindowId::start).reversed().thenComparing(WindowId::toString))
                .toList();
        windows = latest.size();
        for (WindowId window : latest) {
            if (!reached || (asked >= AT_MOST && !scope.isNarrow())) {
                return;
            }
            asked++;
            ask(window);
        }
    }

    private void ask(WindowId window) {
        String day = window.start().toString().substring(0, 10);
        String path = UsageCommand.path(window.subject(), window.meter(), day);
        Optional<AppClient.Reply> reply = app.apply(path);
        if (reply.isEmpty() || (reply.get().status() != 200 && reply.get().status() != 410)) {
            reached = false;
            return;
        }
        if (reply.get().status() == 410) {
            gone++;
            return;
        }
        JsonNode body = reply.get().body();
        if (body.path("stale").asBoolean()) {
            stale++;
            return;
        }
        JsonNode limit = body.path("limit");
        answers.add(new SaidWindow(
                window,
                body.path("used").asLong(),
                body.path("limitUsed").asLong(),
                limit.isIntegralNumber() ? (Long) limit.asLong() : null,
                "streams-app"));
    }

    /** What differs from what was recounted. */
    List<Difference> compare(WindowComparison comparison) {
        return answers.stream()
                .flatMap(answer -> comparison.compare(answer).stream())
                .toList();
    }

    /** What was compared, and what was not. */
    List<String> said() {
        List<String> said = new ArrayList<>();
        if (!reached) {
            said.add("streams-app does not answer for all partitions: some live counts are left out");
        }
        said.add(String.format(
                "compared %,d of %,d day windows with the live counts of streams-app, the latest first",
                answers.size(), windows));
        if (stale + gone > 0) {
            said.add(String.format("%,d more live counts are stale, and %,d no longer kept: left out", stale, gone));
        }
        return said;
    }
}
