package dev.tally.bench;

import dev.tally.bench.measure.WrongSums;
import java.util.Locale;
import picocli.CommandLine;

/** Entry point of {@code ./tally bench}. Exit codes: 0 done, 1 a sum was wrong, 2 usage, 3 a run failed otherwise. */
public final class Main {

    private static final int WRONG = 1;
    private static final int FAILED = 3;

    private Main() {}

    /** Runs the bench and exits with its code. */
    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT);
        System.exit(new CommandLine(new BenchCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    if (failure instanceof WrongSums wrong) {
                        line.getErr().println("tally bench: WRONG SUMS: " + wrong.getMessage());
                        return WRONG;
                    }
                    failure.printStackTrace(line.getErr());
                    return FAILED;
                })
                .execute(args));
    }
}
