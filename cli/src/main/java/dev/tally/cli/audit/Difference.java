package dev.tally.cli.audit;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that is not as the log says.
 *
 * @param line what differs, with both figures
 * @param because what explains it, a line each
 * @param span whose events of the log make the figure; null where none do
 */
public record Difference(
        String line, List<String> because, @Nullable Span span) {

    public Difference {
        because = List.copyOf(because);
    }

    /**
     * Usage of a meter by a subject in a stretch of event time.
     *
     * @param end exclusive
     * @param tooMuch by how much Tally says more than was recounted; negative: less; 0: by no single amount
     */
    public record Span(String subject, String meter, Instant start, Instant end, long tooMuch) {}

    /** A difference that no events explain. */
    public static Difference of(String line) {
        return new Difference(line, List.of(), null);
    }

    /** A difference in what events make. */
    public static Difference of(String line, Span span) {
        return new Difference(line, List.of(), span);
    }

    /** With more that explains it. */
    public Difference because(List<String> more) {
        List<String> all = new ArrayList<>(because);
        all.addAll(more);
        return new Difference(line, all, span);
    }
}
