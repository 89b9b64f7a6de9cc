package dev.tally.cli;

import dev.tally.settings.SettingsException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of {@code ./tally}. Exit codes: 0 done, 1 the answer is no, 2 usage or settings, 3 cannot reach a server. */
@Command(
        name = "tally",
        description = "Exactly-once usage metering on Kafka Streams.",
        mixinStandardHelpOptions = true,
        subcommands = {
            UpCommand.class,
            DemoCommand.class,
            PublishCommand.class,
            UsageCommand.class,
            WatchCommand.class,
            CatalogCommand.class,
            TopicsCommand.class,
            AuditCommand.class,
            AsideCommand.DeadLettersCommand.class,
            AsideCommand.LateCommand.class,
            ResetCommand.class,
            StripeCommand.class,
            SettingsCommand.class
        })
public final class Main {

    /** Runs a command and exits with its code. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        // Output is read by people and by scripts of any country.
        Locale.setDefault(Locale.ROOT);
        return new CommandLine(new Main())
                .setExecutionExceptionHandler((failure, line, parsed) -> code(failure, line))
                .execute(args);
    }

    private static int code(Exception failure, CommandLine line) {
        return switch (failure) {
            case Exit exit -> {
                line.getErr().println("tally: " + exit.getMessage());
                yield exit.code();
            }
            case SettingsException settings -> {
                settings.problems().forEach(problem -> line.getErr().println("tally: " + problem));
                yield Exit.USAGE;
            }
            case ConfigException config -> {
                line.getErr().println("tally: " + config.getMessage());
                yield Exit.USAGE;
            }
            case KafkaException kafka -> {
                line.getErr().println("tally: cannot reach a server: " + root(kafka));
                yield Exit.UNREACHABLE;
            }
            case NoSuchFileException missing -> {
                line.getErr().println("tally: no such file: " + missing.getFile());
                yield Exit.USAGE;
            }
            case IOException io -> {
                line.getErr().println("tally: cannot read: " + root(io));
                yield Exit.USAGE;
            }
            default -> {
                failure.printStackTrace(line.getErr());
                yield Exit.USAGE;
            }
        };
    }

    private static String root(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
}
