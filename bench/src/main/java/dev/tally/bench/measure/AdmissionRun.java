package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * How soon an admission is answered over HTTP, under steady traffic. Questions come at fixed instants, whether those before them have been
 * answered or not, and the clock of each starts at its instant. All are admitted, and each admitted action is published at once, with
 * the admission's id, so that what is held stays little.
 */
public final class AdmissionRun {

    /** At a tenth, a half and then all of the rate: what is not compiled yet does not keep up with more, and compiling takes minutes. */
    private static final List<Integer> WARM_UP = List.of(10, 2, 1, 1, 1, 1);

    private static final int WARM_UP_SECONDS = 30;

    private static final int ASKERS = 1_000;
    private static final int GIVE_UP_MILLIS = 60_000;
    private static final long SECOND = 1_000_000_000L;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunSite site;

    /** A run at a site. */
    public AdmissionRun(RunSite site) {
        this.site = site;
    }

    /** Asks so often beside so many actions, for so long. */
    public Map<String, Map<String, Latency>> run(int asksPerSecond, int actionsPerSecond, int seconds) {
        Bed bed = site.bed();
        bed.apply(BenchCatalogue.asked(site.workload().spec(), ASKERS));
        String name = "bench-admission";
        try (TallyApp app = TallyApp.start(site, name);
                GroupProgress progress =
                        new GroupProgress(site.cluster().admin(), site.stack().bootstrapServers(), name);
                Traffic traffic = Traffic.of(bed, site.workload());
                Asking asking = new Asking(bed, app)) {
            app.awaitReady();
            GroupClock clock = new GroupClock(app.process(), site.stack().broker(), progress);
            site.say()
                    .accept("warming up for %d s ..."
                            .formatted(Traffic.BURST_SECONDS + WARM_UP.size() * WARM_UP_SECONDS));
            traffic.burst(clock);
            traffic.rate(actionsPerSecond);
            for (int part : WARM_UP) {
                Latency warm = asking.run(Math.ceilDiv(asksPerSecond, part), WARM_UP_SECONDS);
                site.say().accept("warming up: p50 %.0f, p99 %.0f ms".formatted(warm.p50(), warm.p99()));
            }
            site.say()
                    .accept("asking %,d/s beside %,d actions/s for %d s ..."
                            .formatted(asksPerSecond, actionsPerSecond, seconds));
            double sentBefore = traffic.sent();
            long begun = System.nanoTime();
            Latency answered = asking.run(asksPerSecond, seconds);
            double achieved = (traffic.sent() - sentBefore) * SECOND / (System.nanoTime() - begun);
            traffic.rate(0);
            clock.awaitEnd(site.cluster().topics().actions());
            WrongSums.require(name, "admissions in their topic", asking.asked, new Outputs(bed).admitted());
            return Map.of(
                    "%d asks/s beside %.0f actions/s".formatted(asksPerSecond, achieved), Map.of("ADMIT", answered));
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Reply(int status, byte[] body) {}

    private static final class Asking implements AutoCloseable {

        private final Bed bed;
        private final URL admissions;
        private final Producer<byte[], byte[]> producer;
        private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
        private long asked;

        Asking(Bed bed, TallyApp app) {
            this.bed = bed;
            // Keeps connections of all who wait open; read when the first is opened.
            System.setProperty("http.maxConnections", "" + ASKERS);
            this.admissions = url(app.address() + "/v1/admissions");
            this.producer = Bed.producer(bed.stack(), 5);
        }

        private static URL url(String of) {
            try {
                return URI.create(of).toURL();
            } catch (MalformedURLException e) {
                throw new IllegalArgumentException(e);
            }
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

        /** The JDK's plain client: it shares the cores with what is measured, and takes less of them than its newer one. */
        private Reply post(byte[] body) throws IOException {
            HttpURLConnection asking = (HttpURLConnection) admissions.openConnection();
            asking.setRequestProperty("Content-Type", "application/json");
            asking.setReadTimeout(GIVE_UP_MILLIS);
            asking.setDoOutput(true);
            asking.setFixedLengthStreamingMode(body.length);
            try (OutputStream to = asking.getOutputStream()) {
                to.write(body);
            }
            int status = asking.getResponseCode();
            try (InputStream from = status < 400 ? asking.getInputStream() : asking.getErrorStream()) {
                return new Reply(status, from.readAllBytes());
            }
        }

        /** Asks, and acts; when the answer came. */
        private long ask(long number) throws IOException {
            String actionId = "asked-" + number;
            String user = BenchCatalogue.asker((int) (number % ASKERS));
            String question =
                    "{\"actionId\":\"%s\",\"userId\":\"%s\",\"actionType\":\"tool.call-0\",\"amounts\":{\"actions\":1,\"credits\":3}}"
                            .formatted(actionId, user);
            byte[] body = question.getBytes(StandardCharsets.UTF_8);
            Reply reply = post(body);
            // As callers do where nobody has decided in time.
            while (reply.status() == 503) {
                reply = post(body);
            }
            long at = System.nanoTime();
            if (reply.status() != 200
                    || !JSON.readTree(reply.body()).path("decision").asText().equals("ADMIT")) {
                throw new IllegalStateException(
                        reply.status() + " " + new String(reply.body(), StandardCharsets.UTF_8));
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
        }
    }
}
