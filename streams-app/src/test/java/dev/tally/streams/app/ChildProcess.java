package dev.tally.streams.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A process of a test's own, with the test's class path, which writes what it says to a file. */
record ChildProcess(Process process, Path log) {

    /**
     * Starts it.
     *
     * @param folder for its files: RocksDB's native library is left behind by a process that dies
     * @param arguments its first ones
     * @param settings its other ones, as {@code key=value}
     */
    static ChildProcess start(Class<?> main, Path folder, List<String> arguments, Map<String, String> settings)
            throws IOException {
        Path log = Files.createDirectories(folder).resolve("log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + folder,
                "-Dorg.apache.avro.SERIALIZABLE_PACKAGES=dev.tally.schemas",
                "--enable-native-access=ALL-UNNAMED",
                main.getName()));
        command.addAll(arguments);
        settings.forEach((key, value) -> command.add(key + "=" + value));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        return new ChildProcess(builder.start(), log);
    }

    /** What it has said so far. */
    String says() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Ends it the hard way, as {@code kill -9} does. */
    void kill() {
        process.destroyForcibly();
    }
}
