package dev.tally.cli.standin;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running stand-in for Stripe: <strong>a fake</strong>, which speaks a small part of Stripe's API over real HTTP so that the
 * real Stripe client can be used without internet and without money. It behaves as Stripe documents, errors included, computes
 * totals and invoices from the calls it received and nothing else, and marks every answer with {@code Tally-Stand-In: true}.
 */
public final class StandIn implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(StandIn.class);
    private static final int LARGEST_BODY = 1 << 20;

    static {
        // Without this the JDK's server delays small answers by the client's delayed acknowledgement, about 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final Book book;
    private final Faults faults;
    private final CallCounts counts;
    private final StripeApi api;
    private final StandInPages pages;
    private final String host;

    private StandIn(HttpServer server, Book book, Account account, StandInOptions options, InstantSource clock) {
        RequestRules rules = new RequestRules();
        Invoices invoices = new Invoices(account, book, options.invoiceGrace());
        this.server = server;
        this.book = book;
        this.host = options.host();
        this.faults = new Faults(clock);
        this.counts = new CallCounts();
        Limits limits = new Limits(options, clock);
        Latency latency = new Latency(options);
        KeyedCalls keyedCalls = new KeyedCalls(book, faults, clock);
        MeterEvents meterEvents = new MeterEvents(account, book, rules, keyedCalls, limits, latency, options);
        Adjustments adjustments = new Adjustments(account, book, rules, clock);
        MeterEventStream stream = new MeterEventStream(account, book, rules, limits, clock, options);
        SubscriptionItems items = new SubscriptionItems(account, book, rules, keyedCalls, clock);
        this.api = new StripeApi(
                account,
                book,
                rules,
                faults,
                invoices,
                meterEvents,
                adjustments,
                stream,
                items,
                limits,
                latency,
                options,
                clock);
        this.pages = new StandInPages(account, book, invoices, faults, counts, clock);
        this.threads = Executors.newVirtualThreadPerTaskExecutor();
    }

    /**
     * Binds the port, replays the journal and starts to answer.
     *
     * @throws java.net.BindException if the port is taken
     * @throws IOException if the data directory or the account file cannot be used
     * @throws IllegalArgumentException if the account file is wrong
     */
    public static StandIn start(StandInOptions options, InstantSource clock) throws IOException {
        Path file = options.account();
        Account described = file == null ? AccountFile.demo() : AccountFile.parse(Files.readString(file));
        Account account = options.shows(Variant.WINDOW_SUMS) ? described.addingUp() : described;
        HttpServer server = HttpServer.create(new InetSocketAddress(options.host(), options.port()), 256);
        @Nullable Book book = null;
        try {
            book = new Book(options);
            StandIn standIn = new StandIn(server, book, account, options, clock);
            server.setExecutor(standIn.threads);
            server.createContext("/", standIn::handle);
            server.start();
            return standIn;
        } catch (IOException | RuntimeException e) {
            server.stop(0);
            if (book != null) {
                book.close();
            }
            throw e;
        }
    }

    /** Where it listens, such as {@code http://127.0.0.1:8083}. */
    public String url() {
        return "http://" + host + ":" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte @Nullable [] body = body(exchange);
            Call call = new Call(
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().getPath(),
                    exchange.getRequestURI().getRawQuery() == null
                            ? ""
                            : exchange.getRequestURI().getRawQuery(),
                    exchange.getRequestHeaders(),
                    body == null ? "" : new String(body, StandardCharsets.UTF_8));
            Answer answer = body == null
                    ? Refusal.of(413, "invalid_request_error", null, "The request body is too large.")
                            .answer()
                    : answer(call);
            if (!answer.cut()) {
                send(exchange, call, answer);
            }
        }
    }

    private static byte @Nullable [] body(HttpExchange exchange) throws IOException {
        try (InputStream in = exchange.getRequestBody()) {
            byte[] bytes = in.readNBytes(LARGEST_BODY + 1);
            return bytes.length > LARGEST_BODY ? null : bytes;
        }
    }

    private Answer answer(Call call) {
        boolean stripe = call.path().startsWith("/v1/") || call.isV2();
        Answer answer;
        if (stripe) {
            counts.begin();
        }
        try {
            answer = stripe ? api.answer(call) : pages.answer(call);
        } catch (Refusal refusal) {
            answer = refusal.answer(call);
        } catch (RuntimeException e) {
            log.atError().setCause(e).addKeyValue("path", call.path()).log("The stand-in failed to answer a call");
            answer = Refusal.of(500, "api_error", null, "The stand-in failed; its log says why.")
                    .answer();
        } finally {
            if (stripe) {
                counts.end();
            }
        }
        if (stripe) {
            counts.count(call, answer);
        }
        return answer;
    }

    private void send(HttpExchange exchange, Call call, Answer answer) throws IOException {
        var headers = exchange.getResponseHeaders();
        headers.set("Tally-Stand-In", "true");
        headers.set("Content-Type", answer.contentType());
        headers.set(
                "Request-Id",
                "req_" + UUID.randomUUID().toString().replace("-", "").substring(0, 14));
        for (String echoed : new String[] {"Idempotency-Key", "Stripe-Version"}) {
            String value = call.header(echoed);
            if (value != null) {
                headers.set(echoed, value);
            }
        }
        answer.headers().forEach(headers::set);
        byte[] bytes = answer.bytes();
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length == 0) {
            return;
        }
        OutputStream out = exchange.getResponseBody();
        switch (answer.sending()) {
            case Sending.Whole() -> {
                out.write(bytes);
                out.close();
            }
            case Sending.Nothing() -> throw new IllegalArgumentException("nothing is to be sent");
            case Sending.Half() -> {
                // The exchange is closed with bytes missing, and the server then ends the connection.
                out.write(bytes, 0, bytes.length / 2);
                out.flush();
            }
            case Sending.Slowly(Duration over) -> {
                sendSlowly(bytes, over, out);
                out.close();
            }
        }
    }

    private void sendSlowly(byte[] bytes, Duration over, OutputStream out) throws IOException {
        Duration pause = over.dividedBy(bytes.length);
        for (byte each : bytes) {
            if (faults.pause(pause)) {
                return;
            }
            out.write(each);
            out.flush();
        }
    }

    /** Ends hanging calls, lets the others finish for a second, and closes the journal. */
    @Override
    public void close() throws IOException {
        faults.clear();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(1, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        server.stop(0);
        book.close();
    }
}
