package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchAction;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
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

/**
 * Threads that read the usage of users of whom each has acted at least once today, each over a connection of its own. An answer that
 * counts nothing ends the run.
 */
final class Readers implements AutoCloseable {

    /** How many there are. */
    static final int COUNT = 32;

    private static final long SECOND = 1_000_000_000L;
    private static final int GIVE_UP_MILLIS = 10_000;

    private final String address;
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
        // The JDK's plain client, which shares the cores with what is measured, keeps as many connections as it is told
        // to.
        System.setProperty("http.maxConnections", Integer.toString(COUNT));
        this.address = address;
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
        return all((reader, of) -> {
            List<Long> nanos = new ArrayList<>();
            for (long read = reader; read < reads; read += COUNT) {
                long due = begun + read * SECOND / perSecond;
                for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                    LockSupport.parkNanos(due - now);
                }
                read(of);
                nanos.add(System.nanoTime() - due);
            }
            return nanos;
        });
    }

    /** Each asks again as soon as it is answered. */
    Latency asFastAsAnswered(int seconds) {
        long end = System.nanoTime() + seconds * SECOND;
        return all((reader, of) -> {
            List<Long> nanos = new ArrayList<>();
            for (long asked = System.nanoTime(); asked < end; asked = System.nanoTime()) {
                read(of);
                nanos.add(System.nanoTime() - asked);
            }
            return nanos;
        });
    }

    @FunctionalInterface
    private interface Reading {
        List<Long> nanos(int reader, SplittableRandom users) throws IOException;
    }

    private Latency all(Reading reading) {
        List<Future<List<Long>>> running = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            int reader = i;
            SplittableRandom of = random.split();
            running.add(threads.submit(() -> reading.nanos(reader, of)));
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

    private void read(SplittableRandom of) throws IOException {
        int user = of.nextInt(users);
        while (!asked.test(user)) {
            user = of.nextInt(users);
        }
        String url = address + "/v1/users/" + BenchAction.userId(user) + "/usage";
        HttpURLConnection asking = (HttpURLConnection) URI.create(url).toURL().openConnection();
        asking.setReadTimeout(GIVE_UP_MILLIS);
        int status = asking.getResponseCode();
        try (InputStream from = status < 400 ? asking.getInputStream() : asking.getErrorStream()) {
            String body = new String(from.readAllBytes(), StandardCharsets.UTF_8);
            if (status != 200 || body.contains("\"used\":0")) {
                throw new IllegalStateException(url + ": " + status + " " + body);
            }
            if (body.contains("\"stale\":true")) {
                stale.increment();
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
