package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchAction;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.util.Timeout;

/**
 * Threads that read the usage of users of whom each has acted at least once today, each over a connection of its own. An answer that
 * counts nothing ends the run.
 */
final class Readers implements AutoCloseable {

    /** How many there are. */
    static final int COUNT = 32;

    private static final long SECOND = 1_000_000_000L;
    private static final Timeout GIVE_UP_AFTER = Timeout.ofSeconds(10);

    private final URI address;
    private final int users;
    private final IntPredicate asked;
    private final SplittableRandom random;
    private final LongAdder stale = new LongAdder();
    private final ExecutorService threads = Executors.newFixedThreadPool(COUNT);

    /**
     * @param users how many there are, by number from 0
     * @param asked of these, the ones that are asked for
     */
    Readers(String address, int users, IntPredicate asked, long seed) {
        this.address = URI.create(address);
        this.users = users;
        this.asked = asked;
        this.random = new SplittableRandom(seed);
    }

    /** Answers since the last call that said themselves that they may be more than 10 s behind. */
    long stale() {
        return stale.sumThenReset();
    }

    /** All together at a rate; the time of each read counts from when it was due. */
    Latency atRate(int perSecond, int seconds) {
        long reads = (long) perSecond * seconds;
        long begun = System.nanoTime();
        return all((number, reader) -> {
            List<Long> nanos = new ArrayList<>();
            for (long read = number; read < reads; read += COUNT) {
                long due = begun + read * SECOND / perSecond;
                for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                    LockSupport.parkNanos(due - now);
                }
                reader.read();
                nanos.add(System.nanoTime() - due);
            }
            return nanos;
        });
    }

    /** Each asks again as soon as it is answered. */
    Latency asFastAsAnswered(int seconds) {
        long end = System.nanoTime() + seconds * SECOND;
        return all((number, reader) -> {
            List<Long> nanos = new ArrayList<>();
            for (long asked = System.nanoTime(); asked < end; asked = System.nanoTime()) {
                reader.read();
                nanos.add(System.nanoTime() - asked);
            }
            return nanos;
        });
    }

    @FunctionalInterface
    private interface Reading {
        List<Long> nanos(int number, Reader reader) throws IOException, HttpException;
    }

    private Latency all(Reading reading) {
        List<Future<List<Long>>> running = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            int number = i;
            SplittableRandom of = random.split();
            running.add(threads.submit(() -> {
                try (Reader reader = new Reader(of)) {
                    return reading.nanos(number, reader);
                }
            }));
        }
        List<Long> nanos = new ArrayList<>();
        running.forEach(one -> nanos.addAll(join(one)));
        return Latency.of(nanos, 0);
    }

    private static List<Long> join(Future<List<Long>> one) {
        try {
            return one.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Asks over a connection of its own, with little more than the system calls: it shares the cores with what is measured. */
    private final class Reader implements AutoCloseable {
        private final SplittableRandom random;
        private final DefaultBHttpClientConnection connection = new DefaultBHttpClientConnection(Http1Config.DEFAULT);

        Reader(SplittableRandom random) throws IOException {
            this.random = random;
            Socket socket = new Socket(address.getHost(), address.getPort());
            socket.setTcpNoDelay(true);
            connection.bind(socket);
            connection.setSocketTimeout(GIVE_UP_AFTER);
        }

        void read() throws IOException, HttpException {
            int user = random.nextInt(users);
            while (!asked.test(user)) {
                user = random.nextInt(users);
            }
            String path = "/v1/users/" + BenchAction.userId(user) + "/usage";
            BasicClassicHttpRequest request = new BasicClassicHttpRequest("GET", path);
            request.setHeader(HttpHeaders.HOST, address.getAuthority());
            connection.sendRequestHeader(request);
            connection.flush();
            try (ClassicHttpResponse answer = connection.receiveResponseHeader()) {
                connection.receiveResponseEntity(answer);
                String body = EntityUtils.toString(answer.getEntity(), StandardCharsets.UTF_8);
                if (answer.getCode() != 200 || body.contains("\"used\":0")) {
                    throw new IllegalStateException(path + ": " + answer.getCode() + " " + body);
                }
                if (body.contains("\"stale\":true")) {
                    stale.increment();
                }
            }
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
