package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The paths under {@code /v1} and {@code /v2}: authentication, faults, and the reads. Whatever else Stripe has is refused as unknown. */
final class StripeApi {

    private static final Pattern VERSION = Pattern.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}(\\.[a-z0-9_]+)?");
    private static final Pattern KEY = Pattern.compile("sk_test_[A-Za-z0-9_]+");
    private static final long MINUTE = 60;

    /** A month: less would not do for the invoices that Stripe computes itself. */
    private static final Duration SHORT_HISTORY = Duration.ofDays(31);

    private final Account account;
    private final Book book;
    private final RequestRules rules;
    private final Faults faults;
    private final Invoices invoices;
    private final MeterEvents meterEvents;
    private final Adjustments adjustments;
    private final MeterEventStream stream;
    private final SubscriptionItems items;
    private final Limits limits;
    private final Latency latency;
    private final ErrorReports errorReports;
    private final StandInOptions options;
    private final InstantSource clock;

    StripeApi(
            Account account,
            Book book,
            RequestRules rules,
            Faults faults,
            Invoices invoices,
            MeterEvents meterEvents,
            Adjustments adjustments,
            MeterEventStream stream,
            SubscriptionItems items,
            Limits limits,
            Latency latency,
            StandInOptions options,
            InstantSource clock) {
        this.account = account;
        this.book = book;
        this.rules = rules;
        this.faults = faults;
        this.invoices = invoices;
        this.meterEvents = meterEvents;
        this.adjustments = adjustments;
        this.stream = stream;
        this.items = items;
        this.limits = limits;
        this.latency = latency;
        this.errorReports = new ErrorReports(account, book, clock);
        this.options = options;
        this.clock = clock;
    }

    /**
     * Answers one call.
     *
     * @throws Refusal in Stripe's form
     */
    Answer answer(Call call) {
        boolean streamed = call.method().equals("POST") && call.path().equals(MeterEventStream.STREAM);
        if (!streamed) {
            authenticate(call);
        }
        String version = call.header("Stripe-Version");
        if (version != null && !VERSION.matcher(version).matches()) {
            throw Refusal.parameter(null, null, "Invalid Stripe API version: " + version);
        }
        Faults.Fault fault = faults.take(call.path());
        boolean meterEvent = call.method().equals("POST")
                && (call.path().equals(MeterEvents.PATH) || call.path().equals(MeterEvents.PATH_V2));
        boolean itemUpdate = call.method().equals("POST") && isItem(call);
        if (fault != null && fault.kind().comesFirst()) {
            return faults.answer(fault, Faults::error);
        }
        limits.check(call);
        if (!meterEvent) {
            // One of a meter event passes within its turn: only one of a customer and meter may be running.
            latency.pass();
        }
        if (streamed) {
            return streamed(call, fault);
        }
        if (fault != null && !meterEvent && !itemUpdate) {
            Answer real = fault.when() == Faults.When.BEFORE ? Faults.error() : route(call);
            return faults.answer(fault, () -> real);
        }
        if (fault != null && unsavedBefore(fault)) {
            return faults.answer(fault, Faults::error);
        }
        if (meterEvent) {
            return meterEvents.create(call, fault);
        }
        return itemUpdate ? items.update(call, call.segments().get(2), fault) : route(call);
    }

    private static boolean isItem(Call call) {
        return call.path().startsWith("/v1/subscription_items/")
                && call.segments().size() == 3;
    }

    private Answer streamed(Call call, Faults.@Nullable Fault fault) {
        if (fault != null && fault.when() == Faults.When.BEFORE) {
            return faults.answer(fault, Faults::error);
        }
        String key = key(call.header("Authorization"));
        Answer real = stream.take(call, key == null ? "" : key);
        return fault == null ? real : faults.answer(fault, () -> real);
    }

    private static boolean unsavedBefore(Faults.Fault fault) {
        return fault.when() == Faults.When.BEFORE
                && switch (fault.kind()) {
                    case ERROR, HANG -> false;
                    case ERROR_UNSAVED, RESET, EMPTY, HTML, GARBAGE, EOF, SLOW, RATE_LIMIT, UNAUTHORIZED, OUTAGE ->
                        true;
                };
    }

    private Answer route(Call call) {
        if (ErrorReports.knows(call)) {
            return errorReports.answer(call);
        }
        if (call.isV2()) {
            return switch (call.method() + " " + call.path()) {
                case "POST " + MeterEventStream.SESSION -> stream.session(call);
                case "POST /v2/billing/meter_event_adjustments" -> adjustments.v2(call);
                default -> unknown(call);
            };
        }
        List<String> path = call.segments();
        String route = call.method() + " "
                + switch (path.size()) {
                    case 2 -> path.get(1);
                    case 3 -> path.get(1).equals("billing") ? "billing/" + path.get(2) : path.get(1) + "/*";
                    case 4 -> path.get(1) + "/" + path.get(2) + "/*";
                    case 5 -> path.get(1) + "/" + path.get(2) + "/*/" + path.get(4);
                    default -> "";
                };
        return switch (route) {
            case "GET billing/meters" -> meters(call);
            case "GET billing/meters/*" -> Answer.json(200, StripeObjects.meter(meter(path.get(3))));
            case "GET billing/meters/*/event_summaries" -> summaries(call, meter(path.get(3)));
            case "POST billing/meter_event_adjustments" -> adjustments.v1(call);
            case "GET customers/*" ->
                Answer.json(
                        200,
                        StripeObjects.customer(account.customer(path.get(2))
                                .orElseThrow(() -> Refusal.notFound("customer", path.get(2), "id"))));
            case "GET prices/*" ->
                Answer.json(
                        200,
                        StripeObjects.price(account.price(path.get(2))
                                .orElseThrow(() -> Refusal.notFound("price", path.get(2), "price"))));
            case "GET subscriptions" -> subscriptions(call);
            case "GET subscriptions/*" ->
                Answer.json(
                        200,
                        subscription(account.subscription(path.get(2))
                                .orElseThrow(() -> Refusal.notFound("subscription", path.get(2), "id"))));
            case "GET subscription_items/*" -> items.read(call, path.get(2));
            case "POST invoices/*" -> path.get(2).equals("create_preview") ? preview(call) : unknown(call);
            default -> unknown(call);
        };
    }

    private static Answer unknown(Call call) {
        throw Refusal.of(
                404,
                "invalid_request_error",
                null,
                "Unrecognized request URL (" + call.method() + ": " + call.path()
                        + "). This is a stand-in that knows a small part of Stripe's API.");
    }

    private static void authenticate(Call call) {
        String key = key(call.header("Authorization"));
        if (key == null) {
            throw Refusal.of(
                    401,
                    "invalid_request_error",
                    null,
                    "You did not provide an API key. You need to provide your API key in the Authorization header, using"
                            + " Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
        }
        if (!KEY.matcher(key).matches()) {
            throw Refusal.of(
                    401,
                    "invalid_request_error",
                    null,
                    "Invalid API Key provided. The stand-in takes any key that starts with sk_test_, and no other.");
        }
    }

    private static @Nullable String key(@Nullable String authorization) {
        if (authorization == null) {
            return null;
        }
        if (authorization.startsWith("Bearer ")) {
            return authorization.substring("Bearer ".length()).strip();
        }
        if (authorization.startsWith("Basic ")) {
            try {
                String pair = new String(
                        Base64.getDecoder()
                                .decode(authorization
                                        .substring("Basic ".length())
                                        .strip()),
                        StandardCharsets.UTF_8);
                int colon = pair.indexOf(':');
                return colon < 0 ? pair : pair.substring(0, colon);
            } catch (IllegalArgumentException e) {
                return "";
            }
        }
        return "";
    }

    private Account.Meter meter(String id) {
        return account.meter(id).orElseThrow(() -> Refusal.notFound("billing meter", id, "id"));
    }

    private Answer meters(Call call) {
        JsonNode query = rules.query("/v1/billing/meters", call.query());
        String status = query.path("status").asText("");
        List<ObjectNode> found = account.meters().stream()
                .filter(meter -> status.isEmpty() || status.equals("active") == meter.active())
                .map(StripeObjects::meter)
                .toList();
        return Answer.json(200, StripeObjects.page("/v1/billing/meters", found, query));
    }

    private Answer subscriptions(Call call) {
        JsonNode query = Form.tree(Form.pairs(call.query()));
        query.fieldNames().forEachRemaining(name -> {
            if (!Set.of("customer", "status", "limit", "expand").contains(name)) {
                throw Refusal.parameter("parameter_unknown", name, "Received unknown parameter: " + name);
            }
        });
        String customer = query.path("customer").asText("");
        if (!customer.isEmpty() && account.customer(customer).isEmpty()) {
            throw Refusal.parameter("resource_missing", "customer", "No such customer: '" + customer + "'");
        }
        String status = query.path("status").asText("all");
        List<ObjectNode> found = account.subscriptions().stream()
                .filter(subscription ->
                        customer.isEmpty() || subscription.customer().equals(customer))
                .filter(subscription -> status.equals("all") || status.equals("active"))
                .map(this::subscription)
                .toList();
        JsonNode limit = Form.typed(query.path("limit"), Json.object().put("type", "integer"));
        ObjectNode paging = Json.object();
        if (!limit.isMissingNode()) {
            paging.set("limit", limit);
        }
        return Answer.json(200, StripeObjects.page("/v1/subscriptions", found, paging));
    }

    private ObjectNode subscription(Account.Subscription subscription) {
        return StripeObjects.subscription(subscription, item -> book.quantity(item, Instant.MAX), clock.instant());
    }

    private Answer preview(Call call) {
        JsonNode params = rules.body("/v1/invoices/create_preview", call.body());
        params.fieldNames().forEachRemaining(name -> {
            if (!Set.of("customer", "subscription", "expand").contains(name)) {
                throw Refusal.parameter(null, name, "The stand-in does not support the parameter " + name + " here.");
            }
        });
        Account.Subscription subscription = subscription(params);
        Instant now = clock.instant();
        Period period = subscription.periodAt(now);
        Period next = subscription.periodAt(period.end());
        return Answer.json(200, StripeObjects.preview(invoices.after(subscription, period), next, now));
    }

    private Account.Subscription subscription(JsonNode params) {
        String customer = params.path("customer").asText("");
        if (params.has("subscription")) {
            String id = params.path("subscription").asText();
            return account.subscription(id)
                    .filter(found -> customer.isEmpty() || found.customer().equals(customer))
                    .orElseThrow(() -> Refusal.notFound("subscription", id, "subscription"));
        }
        if (customer.isEmpty()) {
            throw Refusal.parameter("parameter_missing", "customer", "Missing required param: customer.");
        }
        if (account.customer(customer).isEmpty()) {
            throw Refusal.notFound("customer", customer, "customer");
        }
        return account.subscriptionsOf(customer).stream()
                .findFirst()
                .orElseThrow(() -> Refusal.of(
                        404,
                        "invalid_request_error",
                        "invoice_upcoming_none",
                        "No upcoming invoices for customer: " + customer));
    }

    /**
     * Sums by hour, by UTC day, or over the whole range; newest first, and only windows with usage. Without grouping there is
     * always one summary, 0 where there is no usage (Stripe does not document that case).
     */
    private Answer summaries(Call call, Account.Meter meter) {
        String template = "/v1/billing/meters/{id}/event_summaries";
        JsonNode query = rules.query(template, call.query());
        String grouping = query.path("value_grouping_window").asText("");
        long step = switch (grouping) {
            case "hour" -> 60 * MINUTE;
            case "day" -> 24 * 60 * MINUTE;
            default -> MINUTE;
        };
        long start = aligned(query, "start_time", step);
        long end = aligned(query, "end_time", step);
        if (end <= start) {
            throw Refusal.parameter(null, "end_time", "end_time must be after start_time.");
        }
        String customer = query.path("customer").asText();
        if (account.customer(customer).isEmpty()) {
            throw Refusal.parameter("resource_missing", "customer", "No such customer: '" + customer + "'");
        }
        Instant now = clock.instant();
        Instant visible = now.minus(options.refusals().summaryLag());
        Instant oldest = options.shows(Variant.SHORT_HISTORY) ? now.minus(SHORT_HISTORY) : Instant.MIN;
        List<MeterEvent> events = book.events(event -> !event.receivedAt().isAfter(visible)
                && !event.timestamp().isBefore(oldest)
                && event.customer().equals(customer)
                && event.eventName().equals(meter.eventName()));
        TreeMap<Long, List<MeterEvent>> groups = new TreeMap<>();
        if (grouping.isEmpty()) {
            groups.put(start, new ArrayList<>());
        }
        for (MeterEvent event : meter.aggregation().standing(events)) {
            long seconds = event.timestamp().getEpochSecond();
            if (seconds >= start && seconds < end) {
                groups.computeIfAbsent(
                                grouping.isEmpty() ? start : seconds - Math.floorMod(seconds, step),
                                unused -> new ArrayList<>())
                        .add(event);
            }
        }
        List<ObjectNode> found = new ArrayList<>();
        for (Map.Entry<Long, List<MeterEvent>> sum : groups.descendingMap().entrySet()) {
            long until = grouping.isEmpty() ? end : sum.getKey() + step;
            found.add(Json.object()
                    .put("id", "mtrusg_" + meter.id() + "_" + customer + "_" + sum.getKey() + "_" + until)
                    .put("object", "billing.meter_event_summary")
                    .put("aggregated_value", told(meter.aggregation().of(sum.getValue())))
                    .put("start_time", sum.getKey())
                    .put("end_time", until)
                    .put("livemode", false)
                    .put("meter", meter.id()));
        }
        return Answer.json(200, StripeObjects.page(template.replace("{id}", meter.id()), found, query));
    }

    /** A sum as a JSON number; where amounts may be decimals, always with a fraction. */
    private BigDecimal told(BigDecimal sum) {
        return options.shows(Variant.DECIMALS) && sum.scale() == 0 ? sum.setScale(1) : sum;
    }

    private static long aligned(JsonNode query, String name, long step) {
        long seconds = query.path(name).longValue();
        if (Math.floorMod(seconds, step) != 0) {
            throw Refusal.parameter(
                    null, name, name + " must be aligned with " + step / MINUTE + "-minute boundaries (UTC).");
        }
        return seconds;
    }
}
