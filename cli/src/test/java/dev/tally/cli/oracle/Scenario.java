package dev.tally.cli.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tally.cli.oracle.Lives.End;
import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.cli.standin.Variant;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.DeliveryTopics;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One seed: a load, a sink that dies, moves and stands still, and a Stripe that fails, is away for days and forgets; then the verdict.
 * The seed decides everything but the order in which threads run.
 */
final class Scenario {
    /** What all scenarios share. */
    record Stage(
            OracleBroker broker,
            RecordSerdes serdes,
            KafkaProducer<byte[], byte[]> producer,
            HttpClient http,
            Path directory,
            Path account,
            Happenings happenings) {}

    private static final JsonMapper JSON = JsonMapper.builder().build();
    /** How late what Stripe took shows in its sums, where it does not show at once; the sink allows for twice as much. */
    private static final Duration LAG = Duration.ofSeconds(1);

    private static final Duration A_MOMENT = Duration.ofMillis(60);
    /** Less than what counts as a silence, and more than the sink waits after one. */
    private static final Duration A_WHILE = Duration.ofSeconds(11);

    /** Where a delivery may end; others lie beside them. */
    static final List<Point> POINTS =
            List.of(Point.INTENTS_COMMITTED, Point.ANSWERED, Point.OUTCOMES_WRITTEN, Point.OUTCOMES_COMMITTED);

    private static final int POLL_MILLIS = 10;
    private static final int POLLS_PER_WHILE = 10;
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
    private static final List<String> KINDS = List.of(
            "500", "500-unsaved", "reset", "empty", "html", "garbage", "eof", "slow-body", "hang", "429", "401");
    private static final Set<String> ALWAYS_BEFORE = Set.of("429", "401");
    private static final List<String> OUTAGES = List.of("503", "cut", "429", "401");
    private static final int[] HOURS = {1, 8, 20, 22, 23, 24, 25, 30, 48, 72};

    private final Stage stage;
    private final String name;
    private final Random random;
    private final Load load;
    private final DeliveryTopics topics;
    private final VirtualClock clock = new VirtualClock();
    private final Progress progress = new Progress();
    private final boolean stripped;
    private final boolean streamed;
    private final Map<Integer, Long> ends = new HashMap<>();
    private final long seed;
    private int published;

    /** @param stripped whether identifiers are taken off what goes to Stripe: the mutant that the verdict must notice */
    Scenario(Stage stage, long seed, boolean stripped) {
        this.stage = stage;
        this.seed = seed;
        this.stripped = stripped;
        this.name = (stripped ? "m" : "s") + seed;
        this.random = new Random(seed * 31 + 7);
        // The first number of neighbouring seeds is almost the same.
        var unused = random.nextInt();
        this.streamed = !stripped && random.nextInt(4) == 0;
        this.load = new Load(seed, name);
        this.topics = new DeliveryTopics(name + "-facts", name + "-ledger", name + "-dead-letters", name + "-requests");
    }

    /** Runs it and returns everything that is wrong, each with the seed. */
    List<String> run() throws Exception {
        stage.broker().create(topics);
        boolean customersAtOnce = random.nextBoolean();
        Set<Variant> variants = variants();
        boolean lagging = random.nextInt(3) == 0;
        if (streamed) {
            stage.happenings().add("facts through the stream");
        }
        StandInOptions options = StandInOptions.of(0, stage.directory().resolve(name))
                .withAccount(stage.account())
                .modes(customersAtOnce, random.nextInt(3) == 0, random.nextInt(3) > 0, Duration.ofHours(1))
                .told(new StandInOptions.Refusals(true, lagging ? LAG : Duration.ZERO))
                .showing(variants);
        try (StandIn stripe = StandIn.start(options, clock)) {
            Lives.Setting setting = new Lives.Setting(
                    stage.broker().clientConfig(),
                    topics,
                    name + "-sink",
                    stripe.url(),
                    stage.serdes(),
                    clock,
                    random.nextInt(4) == 0 ? 100 : 10_000,
                    lagging ? LAG.multipliedBy(2) : A_MOMENT.dividedBy(3),
                    streamed,
                    stripped);
            List<String> problems;
            try (Lives lives = new Lives(setting, progress, stage.happenings(), seed)) {
                play(lives, stripe.url());
                problems = finish(lives, stripe.url());
            }
            if (problems.isEmpty()) {
                problems = verdict(new Verdict.Rules(clock.jumped(), customersAtOnce, streamed), stripe.url());
            }
            return problems.stream()
                    .map(problem ->
                            "seed " + seed + " " + options.variants() + (streamed ? " streamed: " : ": ") + problem)
                    .toList();
        } finally {
            stage.broker().delete(topics);
        }
    }

    private Set<Variant> variants() {
        Set<Variant> variants = EnumSet.noneOf(Variant.class);
        for (Variant variant : Variant.values()) {
            if (random.nextInt(variant == Variant.LIMITS ? 4 : 2) == 0) {
                variants.add(variant);
                stage.happenings().add("variant " + variant);
            }
        }
        return variants;
    }

    private void play(Lives lives, String stripe) throws Exception {
        lives.start();
        int rounds = 2 + random.nextInt(2);
        for (int round = 0; round < rounds; round++) {
            for (int i = random.nextInt(5); i > 0; i--) {
                arm(stripe, fault());
            }
            rebalance(lives);
            boolean doomed = random.nextInt(3) > 0;
            if (doomed) {
                Point point = POINTS.get(random.nextInt(POINTS.size()));
                lives.endAt(point, 1 + random.nextInt(2), random.nextInt(5) == 0 ? End.FROZEN : End.KILLED);
            }
            boolean outage = random.nextInt(3) == 0;
            int hours = HOURS[random.nextInt(HOURS.length)];
            int attempts = progress.attempts();
            if (outage) {
                if (random.nextBoolean()) {
                    publish(1 + load.entries().size() / 6);
                    progress.await(() -> progress.attempts() > attempts, A_MOMENT);
                }
                String answer = OUTAGES.get(random.nextInt(OUTAGES.size()));
                arm(stripe, "{\"kind\":\"outage\",\"answer\":\"" + answer + "\",\"seconds\":" + hours * 3_600L + "}");
                stage.happenings().add("outage answering " + answer + (hours >= 23 ? ", a day or more" : ""));
            }
            int before = progress.attempts();
            int settled = progress.settledCount();
            int enough = settled + 1 + random.nextInt(10);
            publish(round == rounds - 1 ? load.entries().size() : load.entries().size() / rounds);
            progress.await(
                    () -> {
                        if (doomed) {
                            return lives.anyEnded();
                        }
                        return outage ? progress.attempts() > before + 2 : progress.settledCount() >= enough;
                    },
                    A_MOMENT.multipliedBy(3));
            if (outage) {
                sitOut(lives, stripe, Duration.ofHours(hours));
            }
            lives.replaceEnded();
        }
    }

    /** Time passes, in steps; in the middle of it an instance may be replaced. */
    private void sitOut(Lives lives, String stripe, Duration outage) throws Exception {
        int steps = 1 + random.nextInt(3);
        boolean restart = random.nextBoolean();
        for (int i = 0; i < steps; i++) {
            int before = progress.attempts();
            awaitNoCall(stripe);
            clock.jump(outage.dividedBy(steps).plusSeconds(1));
            if (restart && i == 0) {
                lives.replaceEnded();
            }
            progress.await(() -> progress.attempts() > before, A_MOMENT);
            clock.jump(A_WHILE);
            progress.await(() -> progress.attempts() > before, A_MOMENT);
        }
    }

    /** The calls of an instance that was killed may still be under way. */
    private void awaitNoCall(String stripe) throws Exception {
        for (int quiet = 0; quiet < 2; quiet++) {
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(POLL_MILLIS))
                    .until(() -> JSON.readTree(call(stripe, "GET", "/stand-in/calls", ""))
                                    .path("running")
                                    .asInt()
                            == 0);
        }
    }

    private void rebalance(Lives lives) throws Exception {
        boolean leave = random.nextBoolean();
        if (random.nextInt(4) != 0) {
            return;
        }
        stage.happenings().add("rebalance");
        lives.start();
        if (lives.count() > 2 || leave) {
            int before = progress.settledCount();
            publish(3);
            progress.await(() -> progress.settledCount() > before, A_MOMENT);
            lives.stopFirst();
        }
    }

    private String fault() {
        String kind = KINDS.get(random.nextInt(KINDS.size()));
        boolean after = !ALWAYS_BEFORE.contains(kind) && random.nextBoolean();
        stage.happenings().add("fault " + kind + (after ? " after the event is taken" : ""));
        String events = streamed ? "/v2/billing/meter_event_stream" : "/v1/billing/meter_events";
        String path = ",\"path\":\"" + (random.nextInt(8) == 0 ? "/v1/billing/meters" : events) + "\"";
        int count = 1 + random.nextInt(3);
        // The machine's time passes while these last.
        String more = kind.equals("hang") || kind.equals("slow-body") ? ",\"seconds\":0.5" : ",\"count\":" + count;
        if (kind.equals("429") && random.nextBoolean()) {
            // It says when to try again.
            more += ",\"seconds\":1";
        }
        return "{\"kind\":\"" + kind + "\",\"when\":\"" + (after ? "after" : "before") + "\"" + more + path + "}";
    }

    /** Publishes the next facts of the load. */
    private void publish(int count) throws Exception {
        RecordSerde<BillableFact> serde = stage.serdes().of(BillableFact.class);
        List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
        int end = Math.min(load.entries().size(), published + count);
        for (Load.Entry entry : load.entries().subList(published, end)) {
            RecordHeaders headers = new RecordHeaders();
            byte[] value = entry.garbage()
                    ? new byte[] {1, 2, 3}
                    : serde.serializer().serialize(topics.facts(), headers, entry.fact());
            sent.add(stage.producer()
                    .send(new ProducerRecord<>(
                            topics.facts(), null, entry.payer().getBytes(StandardCharsets.UTF_8), value, headers)));
        }
        for (var each : sent) {
            RecordMetadata metadata = each.get(30, TimeUnit.SECONDS);
            ends.merge(metadata.partition(), metadata.offset() + 1, Math::max);
        }
        published = end;
    }

    /** Everything is well again: whatever was published must come to its end. */
    private List<String> finish(Lives lives, String stripe) throws Exception {
        publish(load.entries().size());
        call(stripe, "DELETE", "/stand-in/faults", "");
        lives.thaw();
        lives.replaceEnded();
        AtomicInteger polls = new AtomicInteger();
        try {
            Awaitility.await()
                    .atMost(LONG_ENOUGH)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(POLL_MILLIS))
                    .until(() -> {
                        if (polls.incrementAndGet() % POLLS_PER_WHILE == 0) {
                            clock.jump(A_WHILE);
                        }
                        return stage.broker().committed(name + "-sink").equals(ends);
                    });
        } catch (ConditionTimeoutException late) {
            return List.of(
                    "not everything is done: committed " + stage.broker().committed(name + "-sink") + " of " + ends);
        }
        return lives.gaveUp() ? List.of("an instance gave up") : List.of();
    }

    private List<String> verdict(Verdict.Rules rules, String stripe) throws Exception {
        RecordSerde<LedgerEntry> serde = stage.serdes().of(LedgerEntry.class);
        List<LedgerEntry> ledger = new ArrayList<>();
        Map<String, Integer> deadLetters = new TreeMap<>();
        for (ConsumerRecord<byte[], byte[]> record : stage.broker().results(topics)) {
            if (record.topic().equals(topics.deadLetters())) {
                deadLetters.merge(
                        OracleBroker.text(
                                record.headers().lastHeader("tally.reason").value()),
                        1,
                        Integer::sum);
            } else if (serde.decode(record.topic(), record.headers(), record.value())
                    instanceof Decoded.Read<LedgerEntry>(LedgerEntry entry)) {
                ledger.add(entry);
            }
        }
        List<Verdict.Event> events = new ArrayList<>();
        for (JsonNode event :
                JSON.readTree(call(stripe, "GET", "/stand-in/events", "")).path("events")) {
            events.add(Verdict.Event.of(event));
        }
        stage.happenings().add("seed");
        return new Verdict(load, rules, events, ledger).problems(deadLetters);
    }

    private void arm(String stripe, String fault) throws Exception {
        call(stripe, "POST", "/stand-in/faults", fault);
    }

    private String call(String stripe, String method, String path, String body) throws Exception {
        HttpResponse<String> answer = stage.http()
                .send(
                        HttpRequest.newBuilder(URI.create(stripe + path))
                                .timeout(Duration.ofSeconds(10))
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(path + ": " + answer.body());
        }
        return answer.body();
    }
}
