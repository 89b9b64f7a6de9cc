package dev.tally.cli.stack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;

/** Main class of children under test: notes its process id in a file, then does as told. */
public final class Fixture {

    private Fixture() {}

    /** @param args file, then {@code wait}, or a code to exit with */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path file = Path.of(args[0]);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> note(file, "stopped")));
        note(file, "pid " + ProcessHandle.current().pid());
        if (args[1].equals("wait")) {
            new CountDownLatch(1).await();
        }
        System.out.println("settings: all wrong");
        System.exit(Integer.parseInt(args[1]));
    }

    private static void note(Path file, String line) {
        try {
            Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
