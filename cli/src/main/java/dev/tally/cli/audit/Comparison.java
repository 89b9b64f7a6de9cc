package dev.tally.cli.audit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * Compares what Tally says with a recount, while actions may go on being published. The log is recounted up to the place that Tally
 * had surely processed when it was asked, and up to the place where it ended afterwards: what is said lies between the two. Where
 * nothing was published meanwhile, the two are equal and the comparison is exact.
 *
 * @param before up to what was processed for sure
 * @param after up to what can have been processed at most
 */
public record Comparison(Reading before, Reading after) {

    /** Whether a window changed while it was compared. */
    public boolean isMoving(String key) {
        return total(before, key) != total(after, key);
    }

    /** What a window has for sure. */
    long least(String key) {
        return total(before, key);
    }

    /** What a window can have at most. */
    long most(String key) {
        return total(after, key);
    }

    /**
     * Differences of the counters of outcomes. Which of two equal actions in different partitions came first, only streams-app knows:
     * what depends on it is compared as a sum over all partitions.
     */
    public List<String> outcomes(Map<Integer, Outcomes> said) {
        List<String> differences = new ArrayList<>();
        Set<Integer> partitions = new TreeSet<>(after.outcomes().keySet());
        partitions.addAll(said.keySet());
        for (int partition : partitions) {
            Outcomes found = said.getOrDefault(partition, Outcomes.NONE);
            Outcomes least = before.of(partition);
            long more = after.of(partition).read() - least.read();
            String of = "partition " + partition + " ";
            compare(differences, of + "read", least.read(), more, found.read());
            compare(differences, of + "late", least.late(), more, found.late());
            compare(differences, of + "dead-lettered", least.deadLettered(), more, found.deadLettered());
        }
        long more = sum(after.outcomes(), Outcomes::read) - sum(before.outcomes(), Outcomes::read);
        Map<String, ToLongFunction<Outcomes>> sums = new TreeMap<>(Map.of(
                "counted", Outcomes::counted, "read-only", Outcomes::readOnly, "duplicate", Outcomes::duplicate));
        sums.forEach(
                (what, amount) -> compare(differences, what, sum(before.outcomes(), amount), more, sum(said, amount)));
        return differences;
    }

    private static void compare(List<String> differences, String what, long least, long more, long found) {
        if (found < least || found > least + more) {
            differences.add(what + ": recounted " + range(least, least + more) + ", streams-app says " + found);
        }
    }

    private static long sum(Map<Integer, Outcomes> of, ToLongFunction<Outcomes> amount) {
        return of.values().stream().mapToLong(amount).sum();
    }

    private static long total(Reading reading, String key) {
        return reading.totals().getOrDefault(key, 0L);
    }

    /** One figure where both are the same. */
    static String range(long least, long most) {
        return least == most ? Long.toString(least) : least + " to " + most;
    }
}
