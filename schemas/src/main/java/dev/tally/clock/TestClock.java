package dev.tally.clock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A clock that a file sets, for every process of a stack on one machine. The file holds one instant, such as
 * {@code 2026-11-30T23:59:50Z}: that is the time at which the file was last written, and time runs on from there. Whoever writes the file
 * anew moves the clock.
 *
 * <p>For each process time only moves forward: an earlier instant in the file lets it stand still until that time has come again. What
 * cannot be read, because it is just being written, changes nothing.
 */
public final class TestClock implements InstantSource {

    /** The value of the setting {@code clock} that stands for the machine's clock; any other names the file of a test clock. */
    public static final String SYSTEM = "system";

    private static final Logger log = LoggerFactory.getLogger(TestClock.class);
    private static final long LOOK_EVERY_MILLIS = 20;
    private static final int READ_AT_MOST = 10;

    /** File systems tell the time of a change coarsely: shortly after one, another may carry the same time. */
    private static final long SETTLED_AFTER_MILLIS = 100;

    private final Path file;
    private final InstantSource machine;
    private final AtomicLong latest = new AtomicLong(Long.MIN_VALUE);
    private volatile long ahead;
    private volatile long lookedAt;
    private @Nullable FileTime read;
    private @Nullable FileTime refused;

    private TestClock(Path file, InstantSource machine) throws IOException {
        this.file = file;
        this.machine = machine;
        lookedAt = machine.millis();
        for (int tries = 0; tries < READ_AT_MOST && read == null; tries++) {
            read();
        }
        if (read == null) {
            throw new IOException("it changes all the time");
        }
    }

    /**
     * The clock that a setting names.
     *
     * @param setting {@link #SYSTEM} or the file of a test clock
     * @throws IllegalArgumentException where there is a {@link #problem}
     */
    public static InstantSource of(String setting) {
        return of(setting, InstantSource.system());
    }

    static InstantSource of(String setting, InstantSource machine) {
        if (isSystem(setting)) {
            return machine;
        }
        try {
            return new TestClock(Path.of(setting), machine);
        } catch (IOException | DateTimeException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    setting + " is no file with one instant such as 2026-11-30T23:59:50Z: " + reason(e), e);
        }
    }

    /** Whether a setting means the machine's clock. */
    public static boolean isSystem(String setting) {
        return setting.equals(SYSTEM);
    }

    /** What keeps a setting from being a clock, in words; empty where it is one. */
    public static Optional<String> problem(String setting) {
        try {
            of(setting);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.ofNullable(e.getMessage());
        }
    }

    private static String reason(Exception e) {
        return e instanceof NoSuchFileException ? "it does not exist" : String.valueOf(e.getMessage());
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis());
    }

    @Override
    public long millis() {
        long now = machine.millis();
        if (Math.abs(now - lookedAt) >= LOOK_EVERY_MILLIS) {
            lookedAt = now;
            look(now);
        }
        return latest.accumulateAndGet(now + ahead, Math::max);
    }

    private synchronized void look(long now) {
        try {
            FileTime written = Files.getLastModifiedTime(file);
            if (!written.equals(read) || now - written.toMillis() < SETTLED_AFTER_MILLIS) {
                read();
            }
        } catch (IOException | DateTimeException e) {
            complain(e);
        }
    }

    /** Takes what the file says, unless it is written meanwhile. */
    private synchronized void read() throws IOException {
        FileTime before = Files.getLastModifiedTime(file);
        Instant set = Instant.parse(Files.readString(file).strip());
        if (before.equals(Files.getLastModifiedTime(file))) {
            read = before;
            ahead = set.toEpochMilli() - before.toMillis();
        }
    }

    /** Once for each content of the file that stays unreadable. */
    private void complain(Exception e) {
        try {
            FileTime written = Files.getLastModifiedTime(file);
            if (!written.equals(refused) && machine.millis() - written.toMillis() > SETTLED_AFTER_MILLIS) {
                refused = written;
                log.atWarn()
                        .addKeyValue("file", file)
                        .addKeyValue("reason", reason(e))
                        .log("The test clock runs on unset");
            }
        } catch (IOException gone) {
            log.atDebug().setCause(gone).log("The test clock's file is gone");
        }
    }

    /** Moves the clock that a file sets: from now on it is {@code to} there, and runs on. Creates the file where it is missing. */
    public static void set(Path file, Instant to) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, to.toString());
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
