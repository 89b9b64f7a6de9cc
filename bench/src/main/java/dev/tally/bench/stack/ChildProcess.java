package dev.tally.bench.stack;

import dev.tally.cli.stack.ChildMain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of the bench. It is never started again, and it ends when this process does, however that ends. */
public final class ChildProcess implements AutoCloseable {

    private static final int STOP_WITHIN_SECONDS = 40;
    private static final int MAX_LOG_SHOWN = 3_000;

    /** A Ctrl-C in a terminal goes to every process of it; only the parent shall act on it, and end the others in their order. */
    private static final List<String> SHIELD = List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$0\" \"$@\"");

    private final String name;
    private final Path log;
    private final Process process;

    private ChildProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /**
     * Starts one on this process' class path.
     *
     * @param folder holds its log and its temporary files
     * @param jvm options of the JVM
     * @param command main class and arguments
     */
    public static ChildProcess start(String name, Path folder, List<String> jvm, List<String> command) {
        try {
            Path tmp = Files.createDirectories(folder.resolve("tmp").resolve(name));
            Path log = Files.createDirectories(folder.resolve("logs")).resolve(name + ".log");
            List<String> line = new ArrayList<>(SHIELD);
            line.add(java("java"));
            line.add("-Djava.io.tmpdir=" + tmp);
            line.add("-Dlogback.configurationFile=logback-child.xml");
            line.add("--enable-native-access=ALL-UNNAMED");
            line.add("-XX:+ExitOnOutOfMemoryError");
            line.addAll(jvm);
            line.add("-cp");
            line.add(System.getProperty("java.class.path"));
            line.add(ChildMain.class.getName());
            line.addAll(command);
            Process process = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            return new ChildProcess(name, log, process);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name, e);
        }
    }

    private static String java(String tool) {
        return Path.of(System.getProperty("java.home"), "bin", tool).toString();
    }

    /** What it uses. */
    public ProcessUsage usage() {
        return new ProcessUsage(process.pid());
    }

    /** Makes it collect its garbage, so that what it says of its heap is what it needs; does nothing where the JDK has no jcmd. */
    public void collectGarbage() {
        try {
            Process jcmd = new ProcessBuilder(java("jcmd"), Long.toString(process.pid()), "GC.run")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!jcmd.waitFor(20, TimeUnit.SECONDS)) {
                jcmd.destroyForcibly();
            }
        } catch (IOException e) {
            // Without jcmd the figure includes garbage.
            return;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Fails, with the end of its log, when it has ended. */
    public void requireAlive() {
        if (!process.isAlive()) {
            throw new IllegalStateException(name + " ended with " + process.exitValue() + ":\n" + lastWords());
        }
    }

    /** The end of its log. */
    public String lastWords() {
        try {
            String text = Files.exists(log) ? Files.readString(log, StandardCharsets.UTF_8) : "";
            return text.substring(Math.max(0, text.length() - MAX_LOG_SHOWN)).strip();
        } catch (IOException e) {
            return "see " + log;
        }
    }

    /** Ends it without asking (SIGKILL), and waits. */
    void kill() {
        try {
            int unused = process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it, first asking, and waits. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
