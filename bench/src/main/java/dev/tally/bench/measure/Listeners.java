package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tally.bench.report.Latency;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Streams of usage, each over a connection of its own, that come back with what they have seen last when theirs ends: to the next of the
 * instances that are known, after a while at random as the answers' {@code retry} asks for.
 */
final class Listeners implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int THREADS = 2;
    private static final int RETRY_LEAST_MILLIS = 500;
    private static final int RETRY_SPREAD_MILLIS = 2_000;
    private static final int NOT_ALL_AT_ONCE = 64;
    private static final long PAUSE_NANOS = 5_000_000;

    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor();
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(threads)
            .build();
    private final List<Listener> all = new ArrayList<>();
    private final ConcurrentLinkedQueue<Long> nanos = new ConcurrentLinkedQueue<>();
    private final LongAdder comebacks = new LongAdder();
    private final Random random = new Random(1);
    private volatile List<String> addresses;
    private volatile boolean closed;

    /** @param addresses of the instances */
    Listeners(List<String> addresses) {
        this.addresses = List.copyOf(addresses);
    }

    /** Opens a stream of each, and waits until each shows something. */
    void open(List<FollowedSubject> subjects) {
        for (FollowedSubject subject : subjects) {
            var unused = begin(subject);
            // As many at once as a server lets wait for a connection.
            await(() -> all.stream().filter(one -> one.lastId == null).count() < NOT_ALL_AT_ONCE);
        }
        await(() -> all.stream().noneMatch(one -> one.lastId == null));
    }

    /** Opens a stream, which is to show something after a while. */
    Listener begin(FollowedSubject subject) {
        Listener listener = new Listener(subject, all.size());
        all.add(listener);
        listener.connect();
        return listener;
    }

    private static void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Lets every listener go to the next of these instances, one after the other: one that has just begun cannot take all at once. */
    void spread(List<String> over) {
        addresses = List.copyOf(over);
        for (Listener listener : all) {
            listener.leave();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Only these are gone to from now on; who listens elsewhere stays while it can. */
    void only(List<String> these) {
        addresses = List.copyOf(these);
    }

    /** How often a listener had to come back since the last call. */
    long comebacks() {
        return comebacks.sumThenReset();
    }

    /** How long it took until actions were shown that were since the last call. */
    Latency shown(int missing) {
        List<Long> taken = new ArrayList<>();
        for (Long one = nanos.poll(); one != null; one = nanos.poll()) {
            taken.add(one);
        }
        return Latency.of(taken, missing);
    }

    /** One stream. */
    final class Listener {

        private final FollowedSubject subject;
        private int turn;
        private volatile @Nullable String lastId;
        private volatile Flow.@Nullable Subscription running;
        private volatile int connection;
        private boolean over;

        private Listener(FollowedSubject subject, int turn) {
            this.subject = subject;
            this.turn = turn;
        }

        /** Waits until it has shown something. */
        void awaitFirst() {
            await(() -> lastId != null);
        }

        /** Ends for good. */
        synchronized void end() {
            over = true;
            connection++;
            Flow.Subscription subscription = running;
            if (subscription != null) {
                subscription.cancel();
            }
        }

        private synchronized void connect() {
            if (over) {
                return;
            }
            int number = ++connection;
            List<String> known = addresses;
            String address = known.get(Math.floorMod(turn++, known.size()));
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(URI.create(address + subject.path() + "/usage/stream"));
            String seen = lastId;
            if (seen != null) {
                request.header("Last-Event-ID", seen);
            }
            var unused = client.sendAsync(request.build(), info -> body(info, number))
                    .whenComplete((response, failure) -> ended(number));
        }

        private HttpResponse.BodySubscriber<Void> body(HttpResponse.ResponseInfo info, int number) {
            return info.statusCode() == 200
                    ? BodyHandlers.fromLineSubscriber(new Events(number)).apply(info)
                    : HttpResponse.BodySubscribers.discarding();
        }

        /** What ends a connection may be told more than once. */
        private synchronized void ended(int number) {
            if (number == connection && !closed) {
                connection++;
                comebacks.increment();
                var unused = later.schedule(
                        this::connect, RETRY_LEAST_MILLIS + random.nextInt(RETRY_SPREAD_MILLIS), TimeUnit.MILLISECONDS);
            }
        }

        /** Ends its connection, and comes back. */
        private void leave() {
            int number = connection;
            Flow.Subscription subscription = running;
            if (subscription != null) {
                subscription.cancel();
            }
            ended(number);
        }

        private final class Events implements Flow.Subscriber<String> {

            private final int number;
            private String id = "";
            private String data = "";
            private boolean usage;

            Events(int number) {
                this.number = number;
            }

            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                running = subscription;
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(String line) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    usage = line.equals("event: usage");
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty()) {
                    event();
                }
            }

            private void event() {
                if (usage && number == connection) {
                    try {
                        JsonNode json = JSON.readTree(data);
                        subject.shows(
                                json.path("window").path("start").asText(),
                                json.required("used").asInt(),
                                nanos::add);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    lastId = id;
                }
                usage = false;
            }

            @Override
            public void onError(Throwable failure) {
                // The answer as a whole has failed then, and that is seen.
            }

            @Override
            public void onComplete() {
                // As onError.
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        later.shutdownNow();
        client.shutdownNow();
        threads.shutdownNow();
    }
}
