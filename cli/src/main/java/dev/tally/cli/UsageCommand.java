package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.keys.PercentEncoding;
import dev.tally.keys.Subject;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tally usage SUBJECT}. */
@Command(name = "usage", description = "Shows a subject's count.", mixinStandardHelpOptions = true)
final class UsageCommand implements Callable<Integer> {

    @Parameters(paramLabel = "SUBJECT", description = "user:<id> or org:<id>, the id percent-encoded.")
    private String subject = "";

    @Option(names = "--meter", defaultValue = "actions", description = "Meter (default: ${DEFAULT-VALUE}).")
    private String meter = "actions";

    @Option(names = "--day", description = "Day, UTC (default: today).")
    private @Nullable String day;

    @Option(
            names = "--app",
            defaultValue = "http://127.0.0.1:8080",
            description = "Address of streams-app (default: ${DEFAULT-VALUE}).")
    private String app = "http://127.0.0.1:8080";

    @Override
    public Integer call() {
        System.out.println(line(new AppClient(app).require(path(subject, meter, day))));
        return Exit.DONE;
    }

    static String path(String subject, String meter, @Nullable String day) {
        return pathBelow(subject, "/usage", meter) + (day == null ? "" : "&day=" + PercentEncoding.encode(day));
    }

    /** A path below a subject's, about a meter. */
    static String pathBelow(String subject, String below, String meter) {
        Subject parsed;
        try {
            parsed = Subject.parse(subject);
        } catch (IllegalArgumentException e) {
            throw new Exit(Exit.USAGE, String.valueOf(e.getMessage()));
        }
        String kind = parsed.kind() == Subject.Kind.USER ? "users" : "orgs";
        return "/v1/" + kind + "/" + PercentEncoding.encode(parsed.id()) + below + "?meter="
                + PercentEncoding.encode(meter);
    }

    /** One line such as {@code user:u1 actions 2026-11-21: 42 / 500 (OK), resets at 2026-11-22T00:00:00Z}. */
    static String line(JsonNode usage) {
        String start =
                usage.path("subject").asText() + " " + usage.path("meter").asText() + " "
                        + usage.path("window").path("start").asText().substring(0, 10) + ": ";
        if (usage.path("limit").isNull()) {
            return start + usage.path("used").asText();
        }
        String used = usage.path("used").asText();
        String limitUsed = usage.path("limitUsed").asText();
        return start + limitUsed + " / " + usage.path("limit").asText() + " ("
                + usage.path("state").asText()
                + "), resets at " + usage.path("resetsAt").asText()
                + (used.equals(limitUsed) ? "" : "; used in all " + used);
    }
}
