package dev.tally.cli.stack;

import dev.tally.cli.Exit;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Apicurio Registry, the real one, fetched once through Maven and kept unpacked. */
final class RegistryPackage {

    private static final String VERSION = "3.3.3";
    private static final String ARTIFACT = "io.apicurio:apicurio-registry-app:" + VERSION + ":tar.gz:all";
    /** Maven's own progress, e.g. {@code Progress (1): 57/159 MB}. */
    private static final Pattern PROGRESS = Pattern.compile("(\\d+(?:\\.\\d+)?)/(\\d+(?:\\.\\d+)?) MB");

    private static final long SAY_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

    private RegistryPackage() {}

    /**
     * The folder with {@code quarkus-run.jar}.
     *
     * @param stopped asked while it is fetched, which may take minutes
     */
    static Path unpacked(Path cache, Path home, Consumer<String> say, BooleanSupplier stopped) {
        Path folder = cache.resolve("apicurio-registry-" + VERSION);
        if (Files.exists(folder.resolve("quarkus-run.jar"))) {
            return folder;
        }
        try {
            Files.createDirectories(cache);
            Path work = Files.createTempDirectory(cache, "fetch");
            try {
                fetch(work, folder, home, say, stopped);
            } finally {
                delete(work);
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot fetch the schema registry", e);
        }
    }

    private static void fetch(Path work, Path folder, Path home, Consumer<String> say, BooleanSupplier stopped)
            throws IOException {
        long begun = System.nanoTime();
        say.accept("fetching Apicurio Registry " + VERSION + " (159 MB, once) ...");
        run(
                home,
                List.of(
                        "mvn",
                        "-N",
                        "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
                        "-Dartifact=" + ARTIFACT,
                        "-Dmdep.stripVersion=true",
                        "-DoutputDirectory=" + work),
                say,
                stopped);
        Path unpack = Files.createDirectories(work.resolve("unpacked"));
        run(work, List.of("tar", "-xzf", archive(work).toString(), "-C", unpack.toString()), say, stopped);
        if (!Files.exists(folder.resolve("quarkus-run.jar"))) {
            // Otherwise another up has fetched it meanwhile.
            Files.move(unpack, folder, StandardCopyOption.ATOMIC_MOVE);
        }
        say.accept("fetched in " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun) + " s");
    }

    private static Path archive(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElse(folder.resolve("none.tar.gz"));
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void run(Path in, List<String> command, Consumer<String> say, BooleanSupplier stopped)
            throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        Queue<String> errors = new ConcurrentLinkedQueue<>();
        Thread listening = Thread.ofVirtual().start(() -> listen(process, errors, say));
        try {
            while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
                if (stopped.getAsBoolean()) {
                    process.destroy();
                    process.waitFor();
                    throw new Exit(Exit.DONE, "stopped");
                }
            }
            listening.join();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
        if (process.exitValue() != 0) {
            throw new Exit(
                    Exit.UNREACHABLE,
                    command.get(0) + " failed with " + process.exitValue() + " while fetching " + ARTIFACT + "\n"
                            + String.join("\n", errors));
        }
    }

    /** Passes on progress now and then, and keeps lines that tell of errors. */
    private static void listen(Process process, Queue<String> errors, Consumer<String> say) {
        long saidAt = System.nanoTime();
        StringBuilder line = new StringBuilder();
        try (Reader reader = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)) {
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                if (c != '\r' && c != '\n') {
                    line.append((char) c);
                    continue;
                }
                Matcher progress = PROGRESS.matcher(line);
                if (progress.find()) {
                    if (System.nanoTime() - saidAt > SAY_EVERY_NANOS) {
                        saidAt = System.nanoTime();
                        say.accept("fetched " + progress.group(1) + " of " + progress.group(2) + " MB");
                    }
                } else if (line.indexOf("ERROR") >= 0 || line.indexOf("tar:") >= 0) {
                    errors.add(line.toString());
                }
                line.setLength(0);
            }
        } catch (IOException e) {
            errors.add(e.toString());
        }
    }
}
