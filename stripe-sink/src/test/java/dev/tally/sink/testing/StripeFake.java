package dev.tally.sink.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A fake of Stripe's meter events over HTTP that takes each identifier once, as Stripe does, and lets a test answer or
 * break any request before or after the event is taken. It is no Stripe and says so in its Server header.
 */
public final class StripeFake implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private volatile Rule rule = call -> Optional.empty();
    private final AtomicInteger requests = new AtomicInteger();
    private final Set<String> identifiers = new HashSet<>();
    private final List<Call> taken = new ArrayList<>();
    private final Map<String, Integer> running = new HashMap<>();
    private final Map<String, String> meters = new TreeMap<>(Map.of(
            "tally_actions", fields("active", "sum", null),
            "tally_credits", fields("active", "sum", null)));
    private final Set<String> gone = ConcurrentHashMap.newKeySet();
    private int mostRunningInLane;

    /** One request, {@code number} counts from 1. */
    public record Call(
            int number, String identifier, String eventName, String customer, long value, long timestamp, String key) {
        String lane() {
            return customer + "/" + eventName;
        }
    }

    /** An answer in place of Stripe's; {@code takesEvent} says whether the event counts all the same. */
    public record Reply(int status, String body, boolean takesEvent) {
        /** An error in Stripe's form. */
        public static Reply error(int status, String code, String message) {
            return new Reply(
                    status,
                    "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"" + code + "\",\"message\":\"" + message
                            + "\"}}",
                    false);
        }

        /** The same after the event was taken. */
        public Reply afterTaking() {
            return new Reply(status, body, true);
        }
    }

    /** Decides what happens to a request; empty: what Stripe would do. */
    @FunctionalInterface
    public interface Rule {
        Optional<Reply> reply(Call call);
    }

    private StripeFake(HttpServer server) {
        this.server = server;
    }

    /** Starts one on a free port of this machine. */
    public static StripeFake start() throws IOException {
        StripeFake fake =
                new StripeFake(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100));
        fake.server.setExecutor(fake.threads);
        fake.server.createContext("/v1/billing/meter_events", fake::handle);
        fake.server.createContext("/v1/billing/meters", fake::handleRead);
        fake.server.start();
        return fake;
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public void rule(Rule newRule) {
        rule = newRule;
    }

    /** Stripe keeps identifiers for at least 24 hours; from here on those taken so far are forgotten. */
    public synchronized void forgetIdentifiers() {
        identifiers.clear();
    }

    /** Loses an event that it took. */
    public synchronized void lose(String identifier) {
        taken.removeIf(call -> call.identifier().equals(identifier));
    }

    /** Knows an identifier that nobody sent through this fake. */
    public synchronized void knowsAlready(String identifier) {
        identifiers.add(identifier);
    }

    /** Has an event that nobody sent through this fake. */
    public synchronized void takeAlso(String eventName, String customer, long value, Instant at) {
        taken.add(new Call(0, "", eventName, customer, value, at.getEpochSecond(), ""));
    }

    /** Meter events that were asked to be taken. */
    public int requests() {
        return requests.get();
    }

    /** Sum of what was taken, by customer. */
    public synchronized Map<String, Long> sums() {
        Map<String, Long> sums = new TreeMap<>();
        taken.forEach(call -> sums.merge(call.customer(), call.value(), Long::sum));
        return sums;
    }

    /** Identifiers in the order they were taken, of one customer and meter. */
    public synchronized List<String> taken(String customer, String eventName) {
        return taken.stream()
                .filter(call ->
                        call.customer().equals(customer) && call.eventName().equals(eventName))
                .map(Call::identifier)
                .toList();
    }

    public synchronized int takenCount() {
        return taken.size();
    }

    /** The most requests that ever ran at the same time for one customer and meter. */
    public synchronized int mostRunningInLane() {
        return mostRunningInLane;
    }

    private void handle(HttpExchange exchange) throws IOException {
        Call call = call(exchange);
        enter(call);
        Reply reply;
        try {
            reply = rule.reply(call).map(special -> special(call, special)).orElseGet(() -> take(call));
        } finally {
            leave(call);
        }
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Server", "fake of Stripe for tests");
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Request-Id", "req_" + call.number());
        exchange.sendResponseHeaders(reply.status(), body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static void answer(HttpExchange exchange, Reply reply) throws IOException {
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(reply.status(), body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** Tells no sums of a customer from here on. */
    public void forgetCustomer(String customer) {
        gone.add(customer);
    }

    /** Meters, whose ids are their event names with a prefix, and the sum over a span of time. */
    private void handleRead(HttpExchange exchange) throws IOException {
        String[] path = exchange.getRequestURI().getPath().split("/", -1);
        if (path.length > 4 && gone.contains(query(exchange).getOrDefault("customer", ""))) {
            answer(exchange, Reply.error(404, "resource_missing", "No such customer"));
            return;
        }
        String data = path.length == 4 ? meters() : summary(path[4].substring("mtr_".length()), query(exchange));
        byte[] body =
                ("{\"object\":\"list\",\"has_more\":false,\"data\":[" + data + "]}").getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Server", "fake of Stripe for tests");
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private synchronized String meters() {
        return meters.entrySet().stream()
                .map(meter -> "{\"object\":\"billing.meter\",\"id\":\"mtr_" + meter.getKey() + "\",\"event_name\":\""
                        + meter.getKey() + "\"," + meter.getValue() + "}")
                .collect(Collectors.joining(","));
    }

    /** Gives a meter, where there is none, and changes it, where there is one. */
    public synchronized void meter(String eventName, String status, String formula) {
        meters.put(eventName, fields(status, formula, null));
    }

    /**
     * Gives a meter that takes events for pre-aggregated.
     *
     * @param window {@code hour} or {@code day}
     */
    public synchronized void windowedMeter(String eventName, String window) {
        meters.put(eventName, fields("active", "sum", window));
    }

    private static String fields(String status, String formula, @Nullable String window) {
        return "\"livemode\":false,\"status\":\"" + status + "\",\"default_aggregation\":{\"formula\":\"" + formula
                + "\"},\"event_time_window\":" + (window == null ? null : "\"" + window + "\"")
                + ",\"customer_mapping\":{\"type\":\"by_id\",\"event_payload_key\":"
                + "\"stripe_customer_id\"},\"value_settings\":{\"event_payload_key\":\"value\"}";
    }

    private synchronized String summary(String eventName, Map<String, String> query) {
        long from = Long.parseLong(query.getOrDefault("start_time", ""));
        long to = Long.parseLong(query.getOrDefault("end_time", ""));
        if (!"hour".equals(query.get("value_grouping_window"))) {
            return row(from, sum(eventName, query, from, to));
        }
        List<String> rows = new ArrayList<>();
        for (long hour = from; hour < to; hour += 3_600) {
            long sum = sum(eventName, query, hour, hour + 3_600);
            if (sum != 0) {
                rows.add(row(hour, sum));
            }
        }
        return String.join(",", rows);
    }

    private long sum(String eventName, Map<String, String> query, long from, long to) {
        return taken.stream()
                .filter(call -> call.eventName().equals(eventName)
                        && call.customer().equals(query.get("customer"))
                        && call.timestamp() >= from
                        && call.timestamp() < to)
                .mapToLong(Call::value)
                .sum();
    }

    private static String row(long start, long sum) {
        return "{\"object\":\"billing.meter_event_summary\",\"id\":\"sum_" + start + "\",\"start_time\":" + start
                + ",\"aggregated_value\":" + sum + ".0}";
    }

    private static Map<String, String> query(HttpExchange exchange) {
        return form(exchange.getRequestURI().getRawQuery());
    }

    private static Map<String, String> form(String text) {
        Map<String, String> form = new HashMap<>();
        for (String pair : text.split("&", -1)) {
            int equals = pair.indexOf('=');
            form.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
        }
        return form;
    }

    private Reply special(Call call, Reply special) {
        if (special.takesEvent()) {
            take(call);
        }
        return special;
    }

    private synchronized Reply take(Call call) {
        if (!identifiers.add(call.identifier())) {
            return new Reply(
                    400,
                    "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"An event already exists with identifier "
                            + call.identifier() + ".\"}}",
                    false);
        }
        taken.add(call);
        return new Reply(
                200,
                "{\"object\":\"billing.meter_event\",\"identifier\":\"" + call.identifier() + "\",\"event_name\":\""
                        + call.eventName() + "\",\"livemode\":false}",
                true);
    }

    private synchronized void enter(Call call) {
        mostRunningInLane = Math.max(mostRunningInLane, running.merge(call.lane(), 1, Integer::sum));
    }

    private synchronized void leave(Call call) {
        running.merge(call.lane(), -1, Integer::sum);
    }

    private Call call(HttpExchange exchange) {
        try {
            Map<String, String> form =
                    form(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            return new Call(
                    requests.incrementAndGet(),
                    form.getOrDefault("identifier", ""),
                    form.getOrDefault("event_name", ""),
                    form.getOrDefault("payload[stripe_customer_id]", ""),
                    Long.parseLong(form.getOrDefault("payload[value]", "")),
                    Long.parseLong(form.getOrDefault("timestamp", "0")),
                    exchange.getRequestHeaders().getFirst("Idempotency-Key"));
        } catch (IOException clientLeft) {
            throw new UncheckedIOException(clientLeft);
        }
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
