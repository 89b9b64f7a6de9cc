package dev.tally.streams.query;

import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.StoreNames;
import java.time.Duration;
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
    private static final long WAIT_MILLIS = 1_000;

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

    private record Measured(Map<String, Map<Integer, LagInfo>> lags, long at) {}

    private final Supplier<Map<String, Map<Integer, LagInfo>>> source;
    private @Nullable CompletableFuture<Measured> measuring;

    StandbyLags(KafkaStreams streams) {
        this(streams::allLocalStorePartitionLags);
    }

    StandbyLags(Supplier<Map<String, Map<Integer, LagInfo>>> source) {
        this.source = source;
    }

    /** The sum over the stores that a part is asked about; empty while that cannot be told, or where one of them is not here. */
    OptionalLong of(Part part) {
        Map<String, Map<Integer, LagInfo>> lags;
        try {
            lags = measuring().get(WAIT_MILLIS, TimeUnit.MILLISECONDS).lags();
        } catch (ExecutionException | TimeoutException brokersAway) {
            return OptionalLong.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalLong.empty();
        }
        long sum = 0;
        for (String store : ASKED.getOrDefault(part.stage(), List.of())) {
            LagInfo lag = lags.getOrDefault(store, Map.of()).get(part.partition());
            if (lag == null) {
                return OptionalLong.empty();
            }
            sum += Math.max(0, lag.offsetLag());
        }
        return OptionalLong.of(sum);
    }

    /** The measurement that is under way or recent. */
    private synchronized CompletableFuture<Measured> measuring() {
        CompletableFuture<Measured> latest = measuring;
        if (latest == null || isOld(latest)) {
            latest = new CompletableFuture<>();
            measuring = latest;
            CompletableFuture<Measured> now = latest;
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
