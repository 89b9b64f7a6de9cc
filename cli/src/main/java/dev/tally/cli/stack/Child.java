package dev.tally.cli.stack;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
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
    private static final int USAGE_ERROR = 2;

    private final Spec spec;
    private final Path data;
    private final Consumer<String> say;
    private @Nullable Process process;
    private boolean stopping;
    private int restarts;

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
            List<String> command = new ArrayList<>();
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
            File log = data.resolve("logs").resolve(spec.name() + ".log").toFile();
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

    private Path pidFile() {
        return data.resolve("pids").resolve(spec.name() + ".pid");
    }

    private synchronized void ended(Process ended) {
        if (stopping || !ended.equals(process)) {
            return;
        }
        if (ended.exitValue() == USAGE_ERROR) {
            say.accept(spec.name() + " refuses its settings: see "
                    + data.resolve("logs").resolve(spec.name() + ".log"));
            return;
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

    /** Whether it runs, or ended with something else than a refusal of its settings. */
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
            Files.deleteIfExists(pidFile());
        } catch (InterruptedException e) {
            now.destroyForcibly();
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
