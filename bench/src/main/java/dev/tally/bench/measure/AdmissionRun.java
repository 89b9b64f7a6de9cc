package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.bench.report.Latency;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Workload;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * How soon an admission is answered over HTTP, under steady traffic. Questions come at fixed instants, whether those before them have been
 * answered or not, and the clock of each starts at its instant. All are admitted, and each admitted action is published at once, with
 * the admission's id, so that what is held stays little.
 */
public final class AdmissionRun {

    /** Each at a tenth, a half and all of the rate: what is not compiled yet does not keep up with more. */
    private static final int WARM_UP_SECONDS = 30;

    private static final int ASKERS = 1_000;
    private static final Duration GIVE_UP = Duration.ofMinutes(1);
    private static final long SECOND = 1_000_000_000L;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final BenchStack stack;
    private final Cluster cluster;
    private final Workload workload;
    private final Map<String, String> settings;
    private final Consumer<String> say;

    /**
     * @param workload whose actions make the traffic, with the present as event time
     * @param settings settings of streams-app besides the bench's own
     */
    public AdmissionRun(
            BenchStack stack, Cluster cluster, Workload workload, Map<String, String> settings, Consumer<String> say) {
        this.stack = stack;
        this.cluster = cluster;
        this.workload = workload;
        this.settings = Map.copyOf(settings);
        this.say = say;
    }

    /** Asks so often beside so many actions, for so long. */
    public Map<String, Map<String, Latency>> run(int asksPerSecond, int actionsPerSecond, int seconds) {
        Bed bed = Bed.publish(stack, cluster, new Workload(workload.spec().with(1)), 0);
        bed.apply(BenchCatalogue.asked(workload.spec(), ASKERS));
        String name = "bench-admission";
        try (TallyApp app = TallyApp.start(stack, cluster, name, LatencyRun.THREADS, settings);
                GroupProgress progress = new GroupProgress(cluster.admin(), stack.bootstrapServers(), name);
                Traffic traffic = new Traffic(bed, workload);
                Asking asking = new Asking(bed, app)) {
            app.awaitReady();
            GroupClock clock = new GroupClock(app.process(), stack.broker(), progress);
            say.accept("warming up for %d s ...".formatted(Traffic.BURST_SECONDS + 3 * WARM_UP_SECONDS));
            traffic.burst(clock);
            traffic.rate(actionsPerSecond);
            for (int part : List.of(10, 2, 1)) {
                Latency warm = asking.run(Math.ceilDiv(asksPerSecond, part), WARM_UP_SECONDS);
                say.accept("warming up: p50 %.0f, p99 %.0f ms".formatted(warm.p50(), warm.p99()));
            }
            say.accept("asking %,d/s beside %,d actions/s for %d s ..."
                    .formatted(asksPerSecond, actionsPerSecond, seconds));
            double sentBefore = traffic.sent();
            long begun = System.nanoTime();
            Latency answered = asking.run(asksPerSecond, seconds);
            double achieved = (traffic.sent() - sentBefore) * SECOND / (System.nanoTime() - begun);
            traffic.rate(0);
            clock.awaitEnd(cluster.topics().actions());
            WrongSums.require(name, "admissions in their topic", asking.asked, new Outputs(bed).admitted());
            return Map.of(
                    "%d asks/s beside %.0f actions/s".formatted(asksPerSecond, achieved), Map.of("ADMIT", answered));
        }
    }

    private static final class Asking implements AutoCloseable {

        private final Bed bed;
        private final URI admissions;
        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        private final Producer<byte[], byte[]> producer;
        private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        private long asked;

        Asking(Bed bed, TallyApp app) {
            this.bed = bed;
            this.admissions = URI.create(app.address() + "/v1/admissions");
            this.producer = Bed.producer(bed.stack(), 5);
        }

        Latency run(int perSecond, int seconds) {
            List<Future<Long>> answers = new ArrayList<>();
            long begun = System.nanoTime();
            long last = asked + (long) perSecond * seconds;
            for (long i = 0; asked < last; i++) {
                long due = begun + i * SECOND / perSecond;
                for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                    LockSupport.parkNanos(due - now);
                }
                long number = asked++;
                answers.add(executor.submit(() -> ask(number) - due));
            }
            List<Long> nanos = new ArrayList<>();
            answers.forEach(answer -> nanos.add(join(answer)));
            return Latency.of(nanos, 0);
        }

        private static long join(Future<Long> answer) {
            try {
                return answer.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }

        /** Asks, and acts; when the answer came. */
        private long ask(long number) throws IOException, InterruptedException {
            String actionId = "asked-" + number;
            String user = BenchCatalogue.asker((int) (number % ASKERS));
            String question =
                    "{\"actionId\":\"%s\",\"userId\":\"%s\",\"actionType\":\"tool.call-0\",\"amounts\":{\"actions\":1,\"credits\":3}}"
                            .formatted(actionId, user);
            HttpRequest request = HttpRequest.newBuilder(admissions)
                    .header("Content-Type", "application/json")
                    .timeout(GIVE_UP)
                    .POST(HttpRequest.BodyPublishers.ofString(question))
                    .build();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            // As callers do where nobody has decided in time.
            while (answer.statusCode() == 503) {
                answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            }
            long at = System.nanoTime();
            if (answer.statusCode() != 200
                    || !JSON.readTree(answer.body()).path("decision").asText().equals("ADMIT")) {
                throw new IllegalStateException(answer.statusCode() + " " + answer.body());
            }
            byte[] action = new ActionEncoder(bed.schemaId()).encode(action(actionId, user));
            Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(
                    bed.cluster().topics().actions(), user.getBytes(StandardCharsets.UTF_8), action));
            return at;
        }

        private static ActionEvent action(String actionId, String user) {
            return new ActionEvent(
                    actionId,
                    Instant.now(),
                    user,
                    null,
                    null,
                    "model-0",
                    "tool.call-0",
                    Trigger.AGENT_DECISION,
                    false,
                    Map.of("credits", 3L),
                    actionId,
                    null);
        }

        @Override
        public void close() {
            executor.close();
            producer.close();
            http.close();
        }
    }
}
