package dev.tally.streams.query;

import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.StoreNames;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.LagInfo;
import org.jspecify.annotations.Nullable;

/**
 * How many records of their changelogs the copies on this instance have yet to load. The brokers are asked where the changelogs end, at most
 * once a second however often it is asked, and not waited for longer than a caller would wait.
 */
final class StandbyLags {

    private static final long GOOD_FOR_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long WAIT_NANOS = Duration.ofSeconds(1).toNanos();

    /** What a copy that is kept up to date may lag behind with however little there is. */
    private static final long SMALL = 100;

    /** What questions are answered from; other stores of the stages may be further behind. */
    private static final Map<Stage, List<String>> ASKED = Map.of(
            Stage.INTAKE, List.of(StoreNames.INTAKE_COUNTERS, StoreNames.USER_DAYS),
            Stage.ACCOUNTS,
                    List.of(
                            StoreNames.ACCOUNT_CATALOGUE,
                            StoreNames.ACCOUNT_WINDOWS,
                            StoreNames.ACCOUNT_SPLITS,
                            StoreNames.ACCOUNT_CHARGES,
                            StoreNames.ACCOUNT_GRANTS,
                            StoreNames.ACCOUNT_INTERVALS,
                            StoreNames.ACCOUNT_CLOCK,
                            StoreNames.ACCOUNT_ADMISSIONS));

    /**
     * A copy of one partition of a store.
     *
     * @param loaded offset up to which it has its changelog
     * @param end of the changelog
     */
    record Copied(long loaded, long end) {

        long lag() {
            return Math.max(0, end - loaded);
        }

        boolean hasMost() {
            boolean hasNothing = loaded == 0 && end > 0;
            return !hasNothing && lag() <= Math.max(SMALL, end / 10);
        }
    }

    private record Measured(Map<String, Map<Integer, Copied>> copies, long at) {}

    /** @param begun as {@link System#nanoTime}: all who ask wait for it together, and no longer than one of them would */
    private record Measuring(long begun, CompletableFuture<Measured> measured) {

        Map<String, Map<Integer, Copied>> copies() throws ExecutionException, TimeoutException, InterruptedException {
            long left = begun + WAIT_NANOS - System.nanoTime();
            return measured.get(Math.max(0, left), TimeUnit.NANOSECONDS).copies();
        }
    }

    private final Supplier<Map<String, Map<Integer, Copied>>> source;
    private @Nullable Measuring measuring;

    StandbyLags(KafkaStreams streams) {
        this(() -> copies(streams.allLocalStorePartitionLags()));
    }

    private static Map<String, Map<Integer, Copied>> copies(Map<String, Map<Integer, LagInfo>> lags) {
        Map<String, Map<Integer, Copied>> copies = new HashMap<>();
        lags.forEach((store, partitions) -> {
            Map<Integer, Copied> of = new HashMap<>();
            partitions.forEach((partition, lag) ->
                    of.put(partition, new Copied(lag.currentOffsetPosition(), lag.endOffsetPosition())));
            copies.put(store, of);
        });
        return copies;
    }

    /** @param source by store and partition */
    StandbyLags(Supplier<Map<String, Map<Integer, Copied>>> source) {
        this.source = source;
    }

    /**
     * The sum over the stores that a part is asked about; empty while that cannot be told, or where one of them is not here or has been
     * loaded to a small part only: it would answer zero for what it has not come to.
     */
    OptionalLong of(Part part) {
        Map<String, Map<Integer, Copied>> copies;
        try {
            copies = measuring().copies();
        } catch (ExecutionException | TimeoutException brokersAway) {
            return OptionalLong.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalLong.empty();
        }
        long sum = 0;
        for (String store : ASKED.getOrDefault(part.stage(), List.of())) {
            Copied copy = copies.getOrDefault(store, Map.of()).get(part.partition());
            if (copy == null || !copy.hasMost()) {
                return OptionalLong.empty();
            }
            sum += copy.lag();
        }
        return OptionalLong.of(sum);
    }

    /** The measurement that is under way or recent. */
    private synchronized Measuring measuring() {
        Measuring latest = measuring;
        if (latest == null || isOld(latest.measured)) {
            CompletableFuture<Measured> now = new CompletableFuture<>();
            latest = new Measuring(System.nanoTime(), now);
            measuring = latest;
            var unused = Thread.ofVirtual().name("standby-lags").start(() -> {
                try {
                    now.complete(new Measured(source.get(), System.nanoTime()));
                } catch (RuntimeException e) {
                    now.completeExceptionally(e);
                }
            });
        }
        return latest;
    }

    private static boolean isOld(CompletableFuture<Measured> latest) {
        return latest.isDone()
                && (latest.isCompletedExceptionally()
                        || System.nanoTime() - latest.join().at() > GOOD_FOR_NANOS);
    }
}
