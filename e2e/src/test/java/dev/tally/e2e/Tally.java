package dev.tally.e2e;

import dev.tally.cli.stack.ChildMain;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs commands of {@code ./tally}. */
final class Tally {

    /** The repository's root. */
    static final Path ROOT =
            Path.of(System.getProperty("tally.root", "..")).toAbsolutePath().normalize();

    private Tally() {}

    /** What a command said and how it ended. */
    record Result(int code, String output) {}

    /**
     * Starts a program beside those of a stack; it ends with this one.
     *
     * @param settings each as {@code key=value}
     */
    static Process start(String main, Path folder, Path log, List<String> settings) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + folder,
                "-Dlogback.configurationFile=logback-child.xml",
                "-cp",
                ROOT.resolve("cli/target/libs") + "/*",
                ChildMain.class.getName(),
                main));
        settings.forEach(setting -> command.addAll(List.of("--set", setting)));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    static Result run(String... arguments) {
        return run(List.of(arguments), "");
    }

    static Result run(List<String> arguments, String input) {
        try {
            List<String> command = new ArrayList<>(List.of(ROOT.resolve("tally").toString()));
            command.addAll(arguments);
            Path output = Files.createTempFile("tally", ".out");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            }
            if (!process.waitFor(4, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " did not end:\n" + Files.readString(output));
            }
            return new Result(process.exitValue(), Files.readString(output));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
