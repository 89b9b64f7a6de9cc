package dev.tally.cli.standin;

import dev.tally.clock.TestClock;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the stand-in is started and which of the undocumented behaviours it shows.
 *
 * @param port TCP port, 0 for a free one
 * @param data directory of the journal
 * @param account file that describes the account, null for the demo account
 * @param customersAtOnce whether an unknown customer is refused at once (400) or the event is taken and reported later
 * @param identifiersForEver whether identifiers stay unique for ever or exactly 24 hours
 * @param oneInFlight whether a second concurrent call for one customer and meter gets a 429
 * @param invoiceGrace how long after its period an invoice takes usage
 * @param refusals what else is told late
 * @param clock {@code system} or the file of a test clock
 * @param variants which further behaviours it shows
 */
public record StandInOptions(
        String host,
        int port,
        Path data,
        @Nullable Path account,
        boolean customersAtOnce,
        boolean identifiersForEver,
        boolean oneInFlight,
        Duration invoiceGrace,
        Refusals refusals,
        String clock,
        Set<Variant> variants) {

    /** Copies the variants. */
    public StandInOptions {
        variants = Set.copyOf(variants);
    }

    /**
     * What Stripe may tell at once or later.
     *
     * @param atOnce whether unknown and archived meters and amounts with too many digits are refused at once (400), or taken and reported later
     * @param summaryLag how long an event is missing from the summaries
     */
    public record Refusals(boolean atOnce, Duration summaryLag) {
        static final Refusals AT_ONCE = new Refusals(true, Duration.ZERO);
    }

    /** The defaults on 127.0.0.1. */
    public static StandInOptions of(int port, Path data) {
        return new StandInOptions(
                "127.0.0.1",
                port,
                data,
                null,
                true,
                false,
                true,
                Duration.ofHours(1),
                Refusals.AT_ONCE,
                TestClock.SYSTEM,
                Set.of());
    }

    static final String USAGE = """
            A fake of Stripe's metered billing API. It is not Stripe and moves no money.
              --port N                     TCP port (8083)
              --host HOST                  address to listen on (127.0.0.1)
              --data DIR                   where received calls are kept (required)
              --account FILE               JSON account instead of the demo account
              --customers sync|async       unknown customer: 400 at once (sync), or taken and reported later
              --refusals sync|async        unknown or archived meter, over 15 digits: 400 at once (sync), or taken and reported later
              --summary-lag DURATION       how long an event is missing from the summaries, ISO-8601 (PT0S)
              --identifiers 24h|longer     how long an event identifier stays unique (24h)
              --in-flight one|any          429 on a second concurrent call per customer and meter (one)
              --invoice-grace DURATION     how long an ended period's invoice takes usage, ISO-8601 (PT1H)
              --clock system|FILE          what it takes for the present time (system)
              --variants NAME,...          what it also does (and otherwise does not), of
            """ + Variant.help();

    /**
     * Reads the command line.
     *
     * @throws IllegalArgumentException listing everything that is wrong, one a line
     */
    static StandInOptions parse(String[] args) {
        List<String> problems = new ArrayList<>();
        StandInOptions options = of(8083, Path.of(""));
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i];
            if (i + 1 == args.length) {
                problems.add(name + ": a value is missing, or the option is unknown");
                break;
            }
            try {
                options = options.with(name, args[i + 1]);
            } catch (IllegalArgumentException | DateTimeException e) {
                problems.add(name + " " + args[i + 1] + ": " + e.getMessage());
            }
        }
        if (options.data().toString().isEmpty()) {
            problems.add("--data DIR is required");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return options;
    }

    private StandInOptions with(String name, String value) {
        return switch (name) {
            case "--port" -> copy(host, port(value), data, account);
            case "--host" -> copy(value, port, data, account);
            case "--data" -> copy(host, port, Path.of(value), account);
            case "--account" -> copy(host, port, data, Path.of(value));
            case "--customers" -> modes(choice(value, "sync", "async"), identifiersForEver, oneInFlight, invoiceGrace);
            case "--identifiers" -> modes(customersAtOnce, choice(value, "longer", "24h"), oneInFlight, invoiceGrace);
            case "--in-flight" -> modes(customersAtOnce, identifiersForEver, choice(value, "one", "any"), invoiceGrace);
            case "--invoice-grace" -> modes(customersAtOnce, identifiersForEver, oneInFlight, Duration.parse(value));
            case "--clock" ->
                new StandInOptions(
                        host,
                        port,
                        data,
                        account,
                        customersAtOnce,
                        identifiersForEver,
                        oneInFlight,
                        invoiceGrace,
                        refusals,
                        clock(value),
                        variants);
            case "--variants" -> showing(Variant.parse(value));
            case "--refusals" -> told(new Refusals(choice(value, "sync", "async"), refusals.summaryLag()));
            case "--summary-lag" -> told(new Refusals(refusals.atOnce(), Duration.parse(value)));
            default -> throw new IllegalArgumentException("unknown option");
        };
    }

    private StandInOptions copy(String newHost, int newPort, Path newData, @Nullable Path newAccount) {
        return new StandInOptions(
                newHost,
                newPort,
                newData,
                newAccount,
                customersAtOnce,
                identifiersForEver,
                oneInFlight,
                invoiceGrace,
                refusals,
                clock,
                variants);
    }

    /** These options with other times of telling. */
    public StandInOptions told(Refusals newRefusals) {
        return new StandInOptions(
                host,
                port,
                data,
                account,
                customersAtOnce,
                identifiersForEver,
                oneInFlight,
                invoiceGrace,
                newRefusals,
                clock,
                variants);
    }

    /** These options with other behaviours. */
    public StandInOptions modes(boolean atOnce, boolean forEver, boolean one, Duration grace) {
        return new StandInOptions(host, port, data, account, atOnce, forEver, one, grace, refusals, clock, variants);
    }

    /** These options with these variants and no others. */
    public StandInOptions showing(Set<Variant> others) {
        return new StandInOptions(
                host,
                port,
                data,
                account,
                customersAtOnce,
                identifiersForEver,
                oneInFlight,
                invoiceGrace,
                refusals,
                clock,
                others);
    }

    boolean shows(Variant variant) {
        return variants.contains(variant);
    }

    /** These options with another account file. */
    public StandInOptions withAccount(Path file) {
        return copy(host, port, data, file);
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a port number", e);
        }
        throw new IllegalArgumentException("not a port number");
    }

    private static String clock(String text) {
        TestClock.problem(text).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return text;
    }

    private static boolean choice(String value, String yes, String no) {
        if (!value.equals(yes) && !value.equals(no)) {
            throw new IllegalArgumentException("must be " + yes + " or " + no);
        }
        return value.equals(yes);
    }
}
