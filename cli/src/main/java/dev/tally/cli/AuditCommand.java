package dev.tally.cli;

import dev.tally.cli.audit.Difference;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.stripe.StripeConnection;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tally audit}: recounts the log and compares; exit code 1 on any difference. */
@Command(
        name = "audit",
        description = "Recounts from the log and compares with what Tally says.",
        mixinStandardHelpOptions = true)
final class AuditCommand implements Callable<Integer> {

    private static final int MAX_SHOWN = 50;
    private static final Duration STRIPE_TIMEOUT = Duration.ofSeconds(30);
    /** As the setting stripe.sums.delay. */
    private static final Duration STRIPE_DELAY = Duration.ofHours(1);

    @Mixin
    private Servers servers = new Servers();

    @Option(names = "--org", description = "Only this organisation.")
    private @Nullable String org;

    @Option(names = "--day", description = "Only this day, UTC.")
    private @Nullable String day;

    @Option(names = "--period", description = "Of billing periods only those that this day begins in, UTC.")
    private @Nullable String period;

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "streams-app, asked for live counts, billing periods and its counters.")
    private String app = "http://127.0.0.1:8080";

    @Option(
            names = "--application-id",
            defaultValue = "tally",
            description = "Group of streams-app (default: ${DEFAULT-VALUE}).")
    private String applicationId = "tally";

    @Option(
            names = "--stripe",
            description = "Also asks Stripe for its sums: https://api.stripe.com with the key in STRIPE_API_KEY, or the"
                    + " address of a stand-in.")
    private @Nullable String stripe;

    @Override
    public Integer call() {
        AuditScope scope = new AuditScope(org, day("--day", day), day("--period", period));
        Optional<Audit.Stripe> totals = stripe();
        AppClient client = new AppClient(app);
        Audit.Report report;
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            report = new Audit(
                            new Audit.Sources(
                                    new KafkaCluster(servers, admin),
                                    serdes,
                                    servers.topics(admin),
                                    client::get,
                                    totals,
                                    applicationId,
                                    servers.clock().instant()),
                            scope)
                    .run();
        }
        report.said().forEach(System.out::println);
        List<Difference> differences = report.differences();
        differences.stream().limit(MAX_SHOWN).forEach(AuditCommand::print);
        if (differences.size() > MAX_SHOWN) {
            System.out.println("... and " + (differences.size() - MAX_SHOWN) + " more");
        }
        System.out.println(differences.isEmpty() ? "no difference" : differences.size() + " differences");
        return differences.isEmpty() ? Exit.DONE : Exit.NO;
    }

    private static void print(Difference difference) {
        System.out.println(difference.line());
        difference.because().forEach(line -> System.out.println("    " + line));
    }

    private static @Nullable LocalDate day(String option, @Nullable String day) {
        try {
            return day == null ? null : LocalDate.parse(day);
        } catch (DateTimeParseException e) {
            throw new Exit(Exit.USAGE, option + " is a day such as 2026-11-21, not " + day);
        }
    }

    /** A stand-in shows at once what it has accepted, and takes any test key. */
    private Optional<Audit.Stripe> stripe() {
        if (stripe == null) {
            return Optional.empty();
        }
        if (!stripe.matches("https?://[^/?#\\s]+/?")) {
            throw new Exit(Exit.USAGE, "--stripe is an address such as https://api.stripe.com, not " + stripe);
        }
        String base = stripe.endsWith("/") ? stripe.substring(0, stripe.length() - 1) : stripe;
        boolean real = base.equals("https://api.stripe.com");
        String key = System.getenv("STRIPE_API_KEY");
        if (real && (key == null || key.isEmpty())) {
            throw new Exit(Exit.USAGE, "--stripe " + base + " needs the secret key in STRIPE_API_KEY");
        }
        // Only Stripe itself is shown the real key.
        StripeConnection connection =
                new StripeConnection(real ? key : "sk_test_audit", real ? "" : base, STRIPE_TIMEOUT);
        return Optional.of(
                new Audit.Stripe(new StripeJavaTotals(connection.open()), real ? STRIPE_DELAY : Duration.ZERO));
    }
}
