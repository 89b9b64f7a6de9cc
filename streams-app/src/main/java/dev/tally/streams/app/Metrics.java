package dev.tally.streams.app;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Decision;
import dev.tally.schemas.FactKind;
import dev.tally.streams.http.live.LiveFigures;
import dev.tally.streams.http.tls.ServedTls;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.ForwardedReads;
import dev.tally.streams.query.IntakeFigures;
import dev.tally.streams.query.PartitionWatermark;
import dev.tally.streams.query.StoreUsageQueries;
import dev.tally.streams.query.WaitingIntervals;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.ids.IdMemory;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToLongBiFunction;
import java.util.function.ToLongFunction;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** The process' metrics. The intake's counters are read from its store when asked for: they count nothing twice after a crash. */
final class Metrics implements AutoCloseable {

    /** From an answer out of memory up to where callers give up. */
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MultiGauge records = MultiGauge.builder(MetricNames.INTAKE_RECORDS)
            .description("Records of actions by partition and outcome")
            .register(registry);
    private final MultiGauge deadLetters = MultiGauge.builder(MetricNames.INTAKE_DEAD_LETTERS)
            .description("Dead letters of actions by partition and reason")
            .register(registry);
    private final MultiGauge streamTimes = MultiGauge.builder(MetricNames.INTAKE_STREAM_TIME)
            .description("Highest accepted event time by partition of actions")
            .register(registry);
    private final MultiGauge waitingIntervals = MultiGauge.builder(MetricNames.BILLING_INTERVALS_WAITING)
            .description("Closed billing intervals that wait for their plan's record, by partition of subject-log")
            .register(registry);
    private final MultiGauge idsRemembered = MultiGauge.builder(MetricNames.IDS_REMEMBERED)
            .description("Ids of accepted actions that are remembered, by partition of actions")
            .register(registry);
    private final MultiGauge idBytes = MultiGauge.builder(MetricNames.IDS_BYTES)
            .baseUnit("bytes")
            .description("Heap of the memory of ids, by partition of actions")
            .register(registry);
    private final MultiGauge idDiskChecks = MultiGauge.builder(MetricNames.IDS_DISK_CHECKS)
            .description("Rows read to look an id up since the partition came here, by partition of actions")
            .register(registry);
    private final MultiGauge behind = MultiGauge.builder(MetricNames.BEHIND)
            .description("How far the state of a partition is behind, by stage")
            .register(registry);
    private final Map<HttpAnswer, Timer> httpAnswers = new ConcurrentHashMap<>();
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final InstantSource clock;
    private @Nullable KafkaStreamsMetrics kafka;
    private volatile @Nullable StoreUsageQueries queries;
    private volatile ForwardedReads forwarded = new ForwardedReads();
    private volatile Map<Integer, IdMemory.Figures> idFigures = Map.of();
    private volatile AccountFigures accountFigures = new AccountFigures();
    private volatile int unaddressed;
    private volatile Freshness freshness = new Freshness();

    private record HttpAnswer(String method, String route, int status) {}

    /** @param standbyReplicas that the settings ask for */
    Metrics(Health health, InstantSource clock, int standbyReplicas) {
        this.clock = clock;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gc.bindTo(registry);
        FunctionCounter.builder(MetricNames.SETTLED_OVER, this, metrics -> metrics.accountFigures.settledOver())
                .description("Events that used more than their admission held")
                .register(registry);
        FunctionCounter.builder(MetricNames.ADMISSIONS_UNKEPT, this, metrics -> metrics.accountFigures.unkept())
                .description("Requests for admissions without a valid payer or action to keep an answer under")
                .register(registry);
        FunctionCounter.builder(
                        MetricNames.NON_MEMBER_ACTIONS, this, metrics -> metrics.accountFigures.nonMemberActions())
                .description("Actions of users who are no members of the org that pays for them")
                .register(registry);
        for (ForwardedReads.Outcome outcome : ForwardedReads.Outcome.values()) {
            FunctionCounter.builder(MetricNames.FORWARDED_READS, this, metrics -> metrics.forwarded.of(outcome))
                    .tag("outcome", outcome.name().toLowerCase(Locale.ROOT))
                    .description("Questions about what is kept on another instance, by who answered")
                    .register(registry);
        }
        Gauge.builder(MetricNames.INSTANCES_UNADDRESSED, this, metrics -> metrics.unaddressed)
                .description("Instances of the group that have no address of their own")
                .register(registry);
        countByKind(MetricNames.ALERTS_RAISED, "kind", "Alerts raised", AlertKind.values(), AccountFigures::alerts);
        countByKind(MetricNames.FACTS_MADE, "kind", "Billable facts made", FactKind.values(), AccountFigures::facts);
        countByKind(
                MetricNames.ADMISSIONS_DECIDED,
                "decision",
                "Admissions that came to a decision",
                Decision.values(),
                AccountFigures::decisions);
        countByKind(
                MetricNames.CATALOGUE_REFUSED,
                "kind",
                "Catalogue records that were refused",
                CatalogueKind.values(),
                AccountFigures::refused);
        Gauge.builder(MetricNames.STANDBY_REPLICAS, () -> standbyReplicas)
                .description("Standby copies that the settings ask for")
                .register(registry);
        Gauge.builder(MetricNames.CLOCK, clock, time -> time.millis() / 1_000.0)
                .description("The time as this process has it")
                .register(registry);
        Gauge.builder(MetricNames.READY, health, h -> h.notReadyBecause().isEmpty() ? 1 : 0)
                .description("1 when queries are answered")
                .register(registry);
    }

    private <K extends Enum<K>> void countByKind(
            String name, String tag, String description, K[] kinds, ToLongBiFunction<AccountFigures, K> of) {
        for (K kind : kinds) {
            // Readers of newer records may see UNKNOWN; nothing of it is made here.
            if (!kind.name().equals("UNKNOWN")) {
                FunctionCounter.builder(name, this, metrics -> of.applyAsLong(metrics.accountFigures, kind))
                        .tag(tag, kind.name().toLowerCase(Locale.ROOT))
                        .description(description)
                        .register(registry);
            }
        }
    }

    /** Takes note of an answer to an HTTP request. */
    void answered(String method, String route, int status, Duration took) {
        httpAnswers
                .computeIfAbsent(new HttpAnswer(method, route, status), this::timer)
                .record(took);
    }

    private Timer timer(HttpAnswer of) {
        return Timer.builder(MetricNames.HTTP_REQUESTS)
                .tags("method", of.method(), "route", of.route(), "status", Integer.toString(of.status()))
                .description("Answers to HTTP requests")
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    /** Tells of a certificate. */
    void bind(ServedTls tls) {
        Gauge.builder(
                        MetricNames.TLS_NOT_AFTER,
                        tls,
                        served -> served.notAfter().getEpochSecond())
                .description("Until when the served certificate is valid")
                .register(registry);
        Gauge.builder(MetricNames.TLS_CURRENT, tls, served -> served.isCurrent() ? 1 : 0)
                .description("1 when the served certificate is the one in its file")
                .register(registry);
    }

    /** Binds to the streams of usage. */
    void bind(LiveFigures streams) {
        Gauge.builder(MetricNames.STREAMS_OPEN, streams, LiveFigures::open)
                .description("Streams of usage that are open")
                .register(registry);
        FunctionCounter.builder(MetricNames.STREAMS_EVENTS, streams, LiveFigures::sent)
                .description("Events given out to streams of usage")
                .register(registry);
        FunctionCounter.builder(MetricNames.STREAMS_DROPPED, streams, LiveFigures::dropped)
                .description("Streams of usage ended because their listener did not take what was written")
                .register(registry);
    }

    /** Binds to a topology, instead of one before it. */
    void bind(
            KafkaStreams streams,
            Answers to,
            Map<Integer, IdMemory.Figures> figures,
            AccountFigures accounts,
            Freshness fresh) {
        KafkaStreamsMetrics before = kafka;
        if (before != null) {
            before.close();
        }
        kafka = new KafkaStreamsMetrics(streams);
        kafka.bindTo(registry);
        queries = to.stores();
        forwarded = to.forwarded();
        idFigures = figures;
        accountFigures = accounts;
        freshness = fresh;
    }

    /** From now on so many instances have no address of their own. */
    void unaddressed(int instances) {
        unaddressed = instances;
    }

    /** All metrics in Prometheus' text format. */
    String scrape() {
        refresh();
        return registry.scrape();
    }

    private synchronized void refresh() {
        StoreUsageQueries from = queries;
        if (from == null) {
            return;
        }
        // Of this instance: others tell of theirs.
        Answer<IntakeFigures> intake = from.intake();
        List<Conservation> conservation = foundIn(intake.map(IntakeFigures::conservation));
        records.register(recordRows(conservation), true);
        deadLetters.register(deadLetterRows(conservation), true);
        streamTimes.register(streamTimeRows(foundIn(intake.map(IntakeFigures::watermarks))), true);
        waitingIntervals.register(waitingRows(foundIn(from.waitingIntervals())), true);
        idsRemembered.register(idRows(IdMemory.Figures::ids), true);
        idBytes.register(idRows(figures -> figures.recentBytes() + figures.filterBytes()), true);
        idDiskChecks.register(idRows(IdMemory.Figures::diskChecks), true);
        behind.register(behindRows(), true);
    }

    /** A value that is not there leaves a gap: the last one would be counted twice once another instance tells it. */
    private static <T> List<T> foundIn(Answer<List<T>> answer) {
        return answer instanceof Answer.Found<List<T>>(List<T> values, boolean ignored) ? values : List.of();
    }

    private List<Row<?>> idRows(ToLongFunction<IdMemory.Figures> of) {
        List<Row<?>> rows = new ArrayList<>();
        idFigures.forEach((partition, figures) ->
                rows.add(Row.of(Tags.of("partition", Integer.toString(partition)), of.applyAsLong(figures))));
        return rows;
    }

    private List<Row<?>> behindRows() {
        List<Row<?>> rows = new ArrayList<>();
        for (Freshness.Behind of : freshness.behind(clock.instant())) {
            rows.add(Row.of(
                    Tags.of(
                            "stage",
                            of.stage().name().toLowerCase(Locale.ROOT),
                            "partition",
                            Integer.toString(of.partition())),
                    of.by().toMillis() / 1_000.0));
        }
        return rows;
    }

    private static List<Row<?>> waitingRows(List<WaitingIntervals> waiting) {
        List<Row<?>> rows = new ArrayList<>();
        for (WaitingIntervals of : waiting) {
            rows.add(Row.of(Tags.of("partition", Integer.toString(of.partition())), of.count()));
        }
        return rows;
    }

    private static List<Row<?>> recordRows(List<Conservation> conservation) {
        List<Row<?>> rows = new ArrayList<>();
        for (Conservation of : conservation) {
            rows.add(record(of, "read", of.read()));
            rows.add(record(of, "counted", of.counted()));
            rows.add(record(of, "read_only", of.readOnly()));
            rows.add(record(of, "duplicate", of.duplicate()));
            rows.add(record(of, "late", of.late()));
            rows.add(record(of, "dead_lettered", of.deadLettered()));
        }
        return rows;
    }

    private static Row<?> record(Conservation of, String outcome, long count) {
        return Row.of(Tags.of("partition", Integer.toString(of.partition()), "outcome", outcome), count);
    }

    private static List<Row<?>> deadLetterRows(List<Conservation> conservation) {
        List<Row<?>> rows = new ArrayList<>();
        for (Conservation of : conservation) {
            of.deadLetters()
                    .forEach((reason, count) -> rows.add(
                            Row.of(Tags.of("partition", Integer.toString(of.partition()), "reason", reason), count)));
        }
        return rows;
    }

    private static List<Row<?>> streamTimeRows(List<PartitionWatermark> watermarks) {
        List<Row<?>> rows = new ArrayList<>();
        for (PartitionWatermark of : watermarks) {
            if (of.watermark() != null) {
                rows.add(Row.of(
                        Tags.of("partition", Integer.toString(of.partition())),
                        of.watermark().toEpochMilli() / 1_000.0));
            }
        }
        return rows;
    }

    @Override
    public void close() {
        if (kafka != null) {
            kafka.close();
        }
        gc.close();
        registry.close();
    }
}
