package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v2/core/events}: what Stripe reports later of meter events that it took and does not count. One report per meter and ten
 * seconds of receipt, there once they are over, with a few sample identifiers of each kind of error and the number of all. How many samples
 * Stripe gives, and how soon, is not documented. Reports are kept for 30 days.
 */
final class ErrorReports {

    private static final String PATH = "/v2/core/events";
    private static final Duration SPAN = Duration.ofSeconds(10);
    private static final Duration KEPT = Duration.ofDays(30);
    private static final int SAMPLES = 5;
    private static final int LARGEST_PAGE = 100;
    private static final int USUAL_PAGE = 20;
    private static final Pattern TYPES = Pattern.compile("types(\\[[0-9]*])?");
    private static final Pattern CREATED = Pattern.compile("created\\[(gt|gte|lt|lte)]");

    private final Account account;
    private final Book book;
    private final InstantSource clock;

    ErrorReports(Account account, Book book, InstantSource clock) {
        this.account = account;
        this.book = book;
        this.clock = clock;
    }

    /** One report; {@code meter} is empty where no meter has the event name. */
    private record Report(String id, Instant created, Optional<String> meter, List<MeterEvent> events) {
        String type() {
            return meter.isPresent() ? "v1.billing.meter.error_report_triggered" : "v1.billing.meter.no_meter_found";
        }
    }

    private record Query(List<String> types, Predicate<Report> filter, int limit, String page) {}

    static boolean knows(Call call) {
        return call.method().equals("GET")
                && (call.path().equals(PATH) || call.path().startsWith(PATH + "/"));
    }

    /**
     * Answers one call that it {@link #knows}.
     *
     * @throws Refusal if a parameter is wrong, or names no report
     */
    Answer answer(Call call) {
        List<Report> reports = reports();
        if (!call.path().equals(PATH)) {
            String id = call.path().substring(PATH.length() + 1);
            return Answer.json(
                    200,
                    reports.stream()
                            .filter(report -> report.id().equals(id))
                            .findFirst()
                            .map(ErrorReports::rendered)
                            .orElseThrow(() -> Refusal.notFound("event", id, "id")));
        }
        Query query = query(call.query());
        List<Report> found = reports.stream()
                .filter(report -> query.types().isEmpty() || query.types().contains(report.type()))
                .filter(query.filter())
                .toList();
        int from = 0;
        while (!query.page().isEmpty() && from < found.size()) {
            if (found.get(from++).id().equals(query.page())) {
                break;
            }
        }
        List<Report> page = found.subList(from, Math.min(found.size(), from + query.limit()));
        ObjectNode body = Json.object();
        ArrayNode data = body.putArray("data");
        page.forEach(report -> data.add(rendered(report)));
        if (from + page.size() < found.size()) {
            String rest = call.query().replaceAll("(^|&)page=[^&]*", "");
            body.put(
                    "next_page_url",
                    PATH + "?" + rest + "&page=" + page.getLast().id());
        } else {
            body.putNull("next_page_url");
        }
        return Answer.json(200, body.putNull("previous_page_url"));
    }

    /** The newest first. */
    private List<Report> reports() {
        Instant now = clock.instant();
        Map<String, Report> reports = new TreeMap<>();
        for (MeterEvent event : book.events(event -> event.error() != null)) {
            long span = SPAN.toSeconds();
            long end = Math.floorDiv(event.receivedAt().getEpochSecond(), span) * span + span;
            Optional<String> meter = account.meterOfEvent(event.eventName()).map(Account.Meter::id);
            String id = "evt_stand_in_" + end + "_" + meter.orElse("none");
            reports.computeIfAbsent(id, unused -> new Report(id, Instant.ofEpochSecond(end), meter, new ArrayList<>()))
                    .events()
                    .add(event);
        }
        return reports.values().stream()
                .filter(report ->
                        !report.created().isAfter(now) && report.created().isAfter(now.minus(KEPT)))
                .sorted(Comparator.comparing(Report::created)
                        .thenComparing(Report::id)
                        .reversed())
                .toList();
    }

    private static ObjectNode rendered(Report report) {
        ObjectNode node = Json.object()
                .put("id", report.id())
                .put("object", "v2.core.event")
                .putNull("context")
                .put("created", report.created().toString())
                .put("livemode", false)
                .put("type", report.type())
                .putNull("reason");
        ObjectNode data = node.putObject("data");
        data.put("developer_message_summary", "There are " + report.events().size() + " invalid events")
                .put("validation_start", report.created().minus(SPAN).toString())
                .put("validation_end", report.created().toString());
        ObjectNode reason =
                data.putObject("reason").put("error_count", report.events().size());
        Map<String, List<MeterEvent>> byCode = new TreeMap<>();
        report.events()
                .forEach(event -> byCode.computeIfAbsent(
                                Objects.requireNonNull(event.error()), unused -> new ArrayList<>())
                        .add(event));
        ArrayNode types = reason.putArray("error_types");
        byCode.forEach((code, events) -> {
            ArrayNode samples = types.addObject()
                    .put("code", code)
                    .put("error_count", events.size())
                    .putArray("sample_errors");
            events.stream()
                    .limit(SAMPLES)
                    .forEach(event -> samples.addObject()
                            .put("error_message", "The stand-in found the event wrong: " + code + ".")
                            .putObject("request")
                            .put("identifier", event.identifier()));
        });
        if (report.meter().isPresent()) {
            String meter = report.meter().get();
            node.putObject("related_object")
                    .put("id", meter)
                    .put("type", "billing.meter")
                    .put("url", "/v1/billing/meters/" + meter);
        } else {
            node.putNull("related_object");
        }
        return node;
    }

    private static Query query(String encoded) {
        List<String> types = new ArrayList<>();
        Map<String, String> others = new HashMap<>();
        Predicate<Report> filter = report -> true;
        for (String pair : encoded.split("&", -1)) {
            for (Map.Entry<String, String> parameter : Form.pairs(pair).entrySet()) {
                String name = parameter.getKey();
                String value = parameter.getValue();
                if (TYPES.matcher(name).matches()) {
                    types.add(value);
                } else if (CREATED.matcher(name).matches()) {
                    filter = filter.and(created(name, value));
                } else if (name.equals("limit") || name.equals("page") || name.equals("object_id")) {
                    others.put(name, value);
                } else {
                    throw Refusal.parameter("parameter_unknown", name, "Received unknown parameter: " + name);
                }
            }
        }
        String object = others.get("object_id");
        if (object != null) {
            filter = filter.and(report -> report.meter().equals(Optional.of(object)));
        }
        return new Query(types, filter, limit(others.get("limit")), others.getOrDefault("page", ""));
    }

    private static Predicate<Report> created(String name, String value) {
        Instant bound;
        try {
            bound = Instant.parse(value);
        } catch (DateTimeException malformed) {
            throw Refusal.parameter(null, name, name + " must be a time in RFC 3339");
        }
        return switch (name) {
            case "created[gt]" -> report -> report.created().isAfter(bound);
            case "created[gte]" -> report -> !report.created().isBefore(bound);
            case "created[lt]" -> report -> report.created().isBefore(bound);
            default -> report -> !report.created().isAfter(bound);
        };
    }

    private static int limit(@Nullable String text) {
        if (text == null) {
            return USUAL_PAGE;
        }
        if (text.matches("[0-9]{1,3}") && Integer.parseInt(text) >= 1 && Integer.parseInt(text) <= LARGEST_PAGE) {
            return Integer.parseInt(text);
        }
        throw Refusal.parameter(null, "limit", "This value must be between 1 and 100.");
    }
}
