package dev.tally.bench.stack;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What a process uses, as the system counts it. */
public final class ProcessUsage {

    private static final String PEAK = "VmHWM:";
    private static final String NOW = "VmRSS:";

    private final long pid;

    /** Of a running process. */
    public ProcessUsage(long pid) {
        this.pid = pid;
    }

    /** Seconds of CPU so far, of all its threads; user and system. */
    public double cpuSeconds() {
        return ProcessHandle.of(pid)
                        .flatMap(process -> process.info().totalCpuDuration())
                        .orElse(Duration.ZERO)
                        .toNanos()
                / 1e9;
    }

    /** The most memory that was ever resident, in bytes; 0 where the system does not say. */
    public long maxResidentBytes() {
        return bytes(PEAK);
    }

    /** The memory that is resident now, in bytes; 0 where the system does not say. */
    public long residentBytes() {
        return bytes(NOW);
    }

    private long bytes(String what) {
        Path status = Path.of("/proc", Long.toString(pid), "status");
        try {
            for (String line : Files.readString(status, StandardCharsets.UTF_8).split("\n", -1)) {
                if (line.startsWith(what)) {
                    String kilobytes =
                            line.substring(what.length()).replace("kB", "").trim();
                    return Long.parseLong(kilobytes) * 1_024;
                }
            }
        } catch (IOException e) {
            // Not Linux, or the process has ended.
            return 0;
        }
        return 0;
    }
}
