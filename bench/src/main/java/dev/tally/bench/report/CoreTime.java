package dev.tally.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Time of all cores since the machine has started, in the units of {@code /proc/stat} (proc_stat(5)).
 *
 * @param all however it was spent; 0 where the system does not tell
 * @param stolen of it, what a virtual machine wanted and its host gave to others
 */
public record CoreTime(long all, long stolen) {

    private static final Path STAT = Path.of("/proc/stat");

    /** Of the first line's numbers those after this many, of guests, are in the first two already. */
    private static final int COUNTED_ONCE = 8;

    private static final int STOLEN = 7;

    /** As of now. */
    public static CoreTime now() {
        try {
            return Files.exists(STAT) ? of(Files.readString(STAT, StandardCharsets.UTF_8)) : new CoreTime(0, 0);
        } catch (IOException e) {
            return new CoreTime(0, 0);
        }
    }

    static CoreTime of(String stat) {
        long[] spent = Arrays.stream(stat.lines().findFirst().orElse("").split(" +", -1))
                .skip(1)
                .limit(COUNTED_ONCE)
                .mapToLong(Long::parseLong)
                .toArray();
        return new CoreTime(Arrays.stream(spent).sum(), spent.length > STOLEN ? spent[STOLEN] : 0);
    }

    /** Percent of the time since then that was stolen; null where the system does not tell. */
    public @Nullable Double stolenPercentSince(CoreTime before) {
        return all == before.all ? null : 100.0 * (stolen - before.stolen) / (all - before.all);
    }
}
