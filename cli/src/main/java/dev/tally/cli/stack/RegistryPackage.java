package dev.tally.cli.stack;

import dev.tally.cli.Exit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Consumer;

/** Apicurio Registry, the real one, fetched once through Maven and kept unpacked. */
final class RegistryPackage {

    private static final String VERSION = "3.3.3";
    private static final String ARTIFACT = "io.apicurio:apicurio-registry-app:" + VERSION + ":tar.gz:all";

    private RegistryPackage() {}

    /** The folder with {@code quarkus-run.jar}. */
    static Path unpacked(Path cache, Path home, Consumer<String> say) {
        Path folder = cache.resolve("apicurio-registry-" + VERSION);
        if (Files.exists(folder.resolve("quarkus-run.jar"))) {
            return folder;
        }
        try {
            Files.createDirectories(cache);
            Path work = Files.createTempDirectory(cache, "fetch");
            long begun = System.nanoTime();
            say.accept("fetching Apicurio Registry " + VERSION + " (159 MB, once) ...");
            run(
                    home,
                    List.of(
                            "mvn",
                            "-B",
                            "-q",
                            "-N",
                            "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
                            "-Dartifact=" + ARTIFACT,
                            "-Dmdep.stripVersion=true",
                            "-DoutputDirectory=" + work));
            Path unpack = Files.createDirectories(work.resolve("unpacked"));
            run(work, List.of("tar", "-xzf", archive(work).toString(), "-C", unpack.toString()));
            Files.move(unpack, folder, StandardCopyOption.ATOMIC_MOVE);
            Files.deleteIfExists(archive(work));
            Files.deleteIfExists(work);
            say.accept("fetched in " + (System.nanoTime() - begun) / 1_000_000_000L + " s");
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot fetch the schema registry", e);
        }
    }

    private static Path archive(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElse(folder.resolve("none.tar.gz"));
        }
    }

    private static void run(Path in, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(in.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        try {
            int code = builder.start().waitFor();
            if (code != 0) {
                throw new Exit(
                        Exit.UNREACHABLE, command.get(0) + " failed with " + code + " while fetching " + ARTIFACT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
    }
}
