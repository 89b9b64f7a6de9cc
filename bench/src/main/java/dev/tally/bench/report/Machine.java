package dev.tally.bench.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where figures were taken; without it they mean nothing.
 *
 * @param stolenPercent of the cores' time meanwhile, what a virtual machine's host gave to others, as far as it tells its guest: where it
 *     differs between two runs, their figures cannot be compared; null where the system does not tell
 */
public record Machine(
        String cpu,
        int cores,
        long memoryBytes,
        String kernel,
        String jdk,
        @Nullable Double stolenPercent) {

    /** This machine, where something has run since then. */
    public static Machine here(CoreTime since) {
        com.sun.management.OperatingSystemMXBean system =
                (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return new Machine(
                cpuName(),
                Runtime.getRuntime().availableProcessors(),
                system.getTotalMemorySize(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vendor") + " " + Runtime.version(),
                CoreTime.now().stolenPercentSince(since));
    }

    private static String cpuName() {
        Path info = Path.of("/proc/cpuinfo");
        try {
            String text = Files.exists(info) ? Files.readString(info, StandardCharsets.UTF_8) : "";
            return text.lines()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
