package dev.tally.cli.stack;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A process of the stack, started again with a growing pause when it ends by itself. */
public final class Child {

    private static final Duration STOP_WITHIN = Duration.ofSeconds(25);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    /** Whoever ran this long was well: the next end is answered at once again. */
    private static final Duration WELL_AFTER = Duration.ofMinutes(1);

    private static final int MAX_LOG_SHOWN = 4_096;

    /**
     * A Ctrl-C in a terminal goes to every process of it at once. Only the parent shall act on it, so that it can stop its children in
     * their order: they start with it ignored, which the JVM respects.
     */
    private static final List<String> SHIELD = List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$0\" \"$@\"");

    private static final int USAGE_ERROR = 2;

    private final Spec spec;
    private final Path data;
    private final Consumer<String> say;
    private @Nullable Process process;
    private boolean stopping;
    private int restarts;
    private long startedAt;
    private long logStart;

    /**
     * What to run.
     *
     * @param name names its log file and pid file
     * @param jvm options of the JVM, the class path among them
     * @param command main class and arguments
     * @param environment variables added to this process' own
     */
    public record Spec(String name, List<String> jvm, List<String> command, Map<String, String> environment) {
        public Spec {
            jvm = List.copyOf(jvm);
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
        }
    }

    /** A child that is not started yet. */
    public Child(Spec spec, Path data, Consumer<String> say) {
        this.spec = spec;
        this.data = data;
        this.say = say;
    }

    /** Starts it. */
    public synchronized void start() {
        try {
            Path tmp = Files.createDirectories(data.resolve("tmp").resolve(spec.name()));
            Files.createDirectories(data.resolve("logs"));
            Files.createDirectories(data.resolve("pids"));
            List<String> command = new ArrayList<>(SHIELD);
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("-Djava.io.tmpdir=" + tmp);
            // Classes loaded last time are mapped at once this time: halves the start of a large class path.
            command.add("-XX:+AutoCreateSharedArchive");
            command.add("-XX:SharedArchiveFile=" + archive());
            command.add("-Xlog:cds=off");
            command.add("-Xlog:cds+dynamic=off");
            command.add("-Xlog:aot=off");
            command.addAll(spec.jvm());
            command.add(ChildMain.class.getName());
            command.addAll(spec.command());
            File log = logFile().toFile();
            logStart = log.length();
            startedAt = System.nanoTime();
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log));
            builder.environment().putAll(spec.environment());
            Process started = builder.start();
            process = started;
            Files.writeString(pidFile(), Long.toString(started.pid()));
            CompletableFuture<Void> unused = started.onExit().thenAccept(this::ended);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + spec.name(), e);
        }
    }

    private Path archive() throws IOException {
        return Files.createDirectories(data.resolve("cds")).resolve(spec.name() + ".jsa");
    }

    private Path logFile() {
        return data.resolve("logs").resolve(spec.name() + ".log");
    }

    private Path pidFile() {
        return data.resolve("pids").resolve(spec.name() + ".pid");
    }

    private synchronized void ended(Process ended) {
        if (stopping || !ended.equals(process)) {
            return;
        }
        deletePidFile();
        if (ended.exitValue() == USAGE_ERROR) {
            say.accept(spec.name() + " refuses its settings:\n" + lastWords());
            return;
        }
        if (System.nanoTime() - startedAt > WELL_AFTER.toNanos()) {
            restarts = 0;
        }
        long pause = Math.min(LONGEST_PAUSE.toMillis(), 100L << Math.min(restarts, 7));
        restarts++;
        say.accept(spec.name() + " ended with " + ended.exitValue() + ": starting it again");
        CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS).execute(this::startUnlessStopping);
    }

    private synchronized void startUnlessStopping() {
        if (!stopping) {
            start();
        }
    }

    /** What it wrote to its log since it was started. */
    private String lastWords() {
        try (RandomAccessFile log = new RandomAccessFile(logFile().toFile(), "r")) {
            log.seek(Math.max(logStart, log.length() - MAX_LOG_SHOWN));
            byte[] bytes = new byte[(int) (log.length() - log.getFilePointer())];
            log.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "see " + logFile();
        }
    }

    private void deletePidFile() {
        try {
            Files.deleteIfExists(pidFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it ended because it refused its settings; it is not started again then. */
    public synchronized boolean refused() {
        Process now = process;
        return now != null && !now.isAlive() && now.exitValue() == USAGE_ERROR;
    }

    /** Ends it, first asking, and waits. */
    public void stop() {
        Process now;
        synchronized (this) {
            stopping = true;
            now = process;
        }
        if (now == null) {
            return;
        }
        now.destroy();
        try {
            if (!now.waitFor(STOP_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
                say.accept(spec.name() + " does not stop: killing it");
                now.destroyForcibly().waitFor();
            }
            deletePidFile();
        } catch (InterruptedException e) {
            now.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
