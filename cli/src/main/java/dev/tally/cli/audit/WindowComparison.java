package dev.tally.cli.audit;

import dev.tally.cli.audit.Difference.Span;
import dev.tally.cli.audit.LimitCatalogue.Allowed;
import dev.tally.schemas.UsageWindow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compares what Tally says about windows with the recount. */
public final class WindowComparison {

    private final Comparison days;
    private final LimitRecount limits;
    private final Instant wholeFrom;

    /**
     * Compares.
     *
     * @param wholeFrom windows that start earlier may have actions that the log no longer has: they can have more than was recounted
     */
    public WindowComparison(Comparison days, LimitRecount limits, Instant wholeFrom) {
        this.days = days;
        this.limits = limits;
        this.wholeFrom = wholeFrom;
    }

    /** Whether all that a window has is still in the log, and was counted under a subscription that is known. */
    public boolean isProvable(WindowId window) {
        return isWhole(window)
                && (window.window() == UsageWindow.DAY
                        || !limits.isDoubtful(window.subject(), window.start(), end(window)));
    }

    /** Whether the log still has all that a window has. */
    boolean isWhole(WindowId window) {
        return !window.start().isBefore(wholeFrom);
    }

    private Instant end(WindowId window) {
        WindowUse use = limits.windows().get(window);
        // No billing period is longer than 31 days.
        return use != null
                ? use.end()
                : window.start().plus(Duration.ofDays(window.window() == UsageWindow.DAY ? 1 : 31));
    }

    private long least(WindowId window) {
        if (window.window() == UsageWindow.DAY) {
            return days.least(window.toString());
        }
        WindowUse use = limits.windows().get(window);
        return use == null ? 0 : use.usedLeast();
    }

    private long most(WindowId window) {
        if (!isProvable(window)) {
            return Long.MAX_VALUE;
        }
        if (window.window() == UsageWindow.DAY) {
            return days.most(window.toString());
        }
        WindowUse use = limits.windows().get(window);
        return use == null ? 0 : use.usedMost();
    }

    /** What differs, if anything. */
    public Optional<Difference> compare(SaidWindow said) {
        WindowId window = said.window();
        List<String> found = new ArrayList<>();
        long tooMuch = outside(found, "recounted ", least(window), most(window), said.by() + " says ", said.used());
        WindowUse use = limits.windows().get(window);
        if (use != null && isProvable(window)) {
            limitUsed(found, said, use);
        }
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(Difference.of(
                                window + ": " + found.getFirst(),
                                new Span(window.subject(), window.meter(), window.start(), end(window), tooMuch))
                        .because(found.subList(1, found.size())));
    }

    private static void limitUsed(List<String> found, SaidWindow said, WindowUse use) {
        boolean day = said.window().window() == UsageWindow.DAY;
        if (day ? use.isPayerSure() : use.isJudged()) {
            outside(
                    found,
                    "what its limit counts: recounted ",
                    use.paidLeast(),
                    use.paidMost(),
                    said.by() + " says ",
                    said.limitUsed());
        }
        if (use.isJudged()) {
            Allowed limit = use.limit();
            @Nullable Long amount = limit == null ? null : limit.amount();
            if (!Objects.equals(amount, said.limit())) {
                found.add("its limit is " + amount + ", " + said.by() + " says " + said.limit());
            }
        }
    }

    private static long outside(List<String> found, String recounted, long least, long most, String says, long figure) {
        if (figure >= least && figure <= most) {
            return 0;
        }
        String range = most == Long.MAX_VALUE ? "at least " + least : Comparison.range(least, most);
        found.add(recounted + range + ", " + says + figure);
        return figure < least ? figure - least : figure - most;
    }

    /** A window that nothing is said about. */
    public Optional<Difference> compareAbsent(WindowId window, String by) {
        return least(window) == 0 ? Optional.empty() : compare(absent(window, by));
    }

    private SaidWindow absent(WindowId window, String by) {
        WindowUse use = limits.windows().get(window);
        // That the limit is not said either is no further difference.
        return new SaidWindow(
                window,
                0,
                use == null ? 0 : use.paidLeast(),
                use == null || use.limit() == null ? null : use.limit().amount(),
                by);
    }

    /** All windows that the log has anything of. */
    Map<WindowId, WindowUse> recounted() {
        return limits.windows();
    }
}
