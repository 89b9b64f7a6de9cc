package dev.tally.sink.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import dev.tally.keys.Keys;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Phase;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.alerts.WebhookSecrets;
import dev.tally.sink.alerts.channels.MailSender;
import dev.tally.sink.alerts.channels.MailSettings;
import dev.tally.sink.alerts.channels.WebhookSender;
import dev.tally.sink.alerts.channels.WebhookSettings;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.testing.KafkaBroker;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.WebhookEndpoint;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Topics of one test, what is in them, an endpoint and a mail server, and alert deliveries that work on them. */
final class AlertHarness implements AutoCloseable {
    static final int PARTITIONS = 2;
    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");

    private final KafkaBroker broker;
    private final String name;
    private final AlertTopics topics;
    private final RecordSerdes serdes;
    private final KafkaProducer<byte[], byte[]> producer;
    private final WebhookEndpoint endpoint = WebhookEndpoint.start();
    private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    private final List<LifeRunner> runners = new ArrayList<>();
    private final List<WebhookSender> senders = new ArrayList<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Point> crashAt = new AtomicReference<>();
    private int maxWaiting = 1_000;
    private boolean mailOn = true;
    private int started;
    private Duration ahead = Duration.ZERO;

    static final class SimulatedCrash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    AlertHarness(KafkaBroker broker, String registryUrl, String name) throws Exception {
        this.broker = broker;
        this.name = name;
        this.topics = new AlertTopics(
                name + "-quota-alerts",
                name + "-alert-ledger",
                name + "-alert-dead-letters",
                name + "-subscriptions",
                name + "-memberships");
        broker.createTopics(PARTITIONS, topics.all().toArray(new String[0]));
        this.serdes = new RecordSerdes(Map.of("schema.registry.url", registryUrl, "auto.register.schemas", true));
        this.producer =
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer());
        mail.start();
    }

    WebhookEndpoint endpoint() {
        return endpoint;
    }

    GreenMail mail() {
        return mail;
    }

    /** What the listener heard, as text. */
    List<String> heard() {
        return heard;
    }

    void maxWaiting(int most) {
        maxWaiting = most;
    }

    void mailOff() {
        mailOn = false;
    }

    /** Deliveries that are started from here on take it to be so much later. */
    void passTime(Duration more) {
        ahead = ahead.plus(more);
    }

    /** Lets the next delivery that reaches {@code point} die there, once. */
    void crashOnceAt(Point point) {
        crashAt.set(point);
    }

    boolean crashed() {
        return crashAt.get() == null;
    }

    LifeRunner start() {
        started++;
        InstantSource clock = InstantSource.offset(InstantSource.system(), ahead);
        WebhookSender webhooks = new WebhookSender(new WebhookSettings(
                WebhookSecrets.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), true, true, Duration.ofSeconds(5)));
        senders.add(webhooks);
        AlertSettings settings = new AlertSettings(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "fetch.max.wait.ms",
                        20,
                        "retry.backoff.ms",
                        20,
                        "heartbeat.interval.ms",
                        300),
                topics,
                name + "-alerts",
                name + "-alerts-" + started,
                Optional.empty(),
                true,
                mailOn,
                new RetryRule(Duration.ofMillis(20), Duration.ofMillis(100)),
                maxWaiting,
                100_000,
                16,
                Duration.ofSeconds(5));
        LifeRunner runner = AlertDelivery.start(
                settings,
                AlertCollaborators.of(
                        webhooks,
                        new MailSender(new MailSettings(
                                "127.0.0.1",
                                mail.getSmtp().getPort(),
                                MailSettings.Tls.NONE,
                                "",
                                "",
                                "alerts@tally.example",
                                Duration.ofSeconds(5))),
                        serdes,
                        new Listener(),
                        new DeliveryStatus(),
                        this::reached,
                        clock,
                        new Random(started)),
                () -> heard.add("gave up"));
        runners.add(runner);
        return runner;
    }

    private void reached(Point point) {
        if (crashAt.compareAndSet(point, null)) {
            throw new SimulatedCrash();
        }
    }

    /** Publishes a subscription that names these webhooks (paths of the endpoint) and addresses. */
    void subscribe(String subject, List<String> paths, List<String> emails) throws Exception {
        publish(
                topics.subscriptions(),
                subject,
                Subscription.newBuilder()
                        .setSubject(subject)
                        .setAnchor(DAY)
                        .setPhases(List.of(new Phase("pro", 1, DAY)))
                        .setWebhooks(paths.stream().map(endpoint::url).toList())
                        .setAlertEmails(emails)
                        .build());
    }

    void member(String org, String user, Role role, MembershipStatus status, @Nullable String email) throws Exception {
        publish(
                topics.memberships(),
                Keys.membership(org, user),
                Membership.newBuilder()
                        .setOrgId(org)
                        .setUserId(user)
                        .setRole(role)
                        .setStatus(status)
                        .setEmail(email)
                        .build());
    }

    void alert(String subject, String id) throws Exception {
        alert(subject, id, false);
    }

    void alert(String subject, String id, boolean late) throws Exception {
        publish(
                topics.alerts(),
                subject,
                QuotaAlert.newBuilder()
                        .setAlertId(id)
                        .setKind(AlertKind.REACHED)
                        .setSeverity(Severity.CRITICAL)
                        .setSubject(subject)
                        .setScope(Scope.USER)
                        .setScopeId("u")
                        .setMeter("actions")
                        .setWindowStart(DAY)
                        .setWindowEnd(DAY.plusSeconds(86_400))
                        .setThreshold(100)
                        .setEpoch(0)
                        .setLimit(10L)
                        .setUsed(10)
                        .setCause("e-10")
                        .setLate(late)
                        .setAt(DAY)
                        .build());
    }

    @SuppressWarnings("unchecked")
    private <T extends SpecificRecord> void publish(String topic, String key, T record) throws Exception {
        publishBytes(
                topic,
                key,
                serdes.of((Class<T>) record.getClass()).serializer().serialize(topic, new RecordHeaders(), record));
    }

    void publishAlertBytes(String subject, byte[] value) throws Exception {
        publishBytes(topics.alerts(), subject, value);
    }

    private void publishBytes(String topic, String key, byte[] value) throws Exception {
        producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                .get(30, TimeUnit.SECONDS);
    }

    /** Waits until all alerts are taken in, and for as many outcomes in the ledger. */
    void awaitOutcomes(int count) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            assertThat(takenIn()).isTrue();
            assertThat(ledger().values().stream()
                            .filter(states -> !states.getLast().equals("PENDING")))
                    .hasSize(count);
        });
    }

    void awaitTakenIn() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(this::takenIn);
    }

    private boolean takenIn() throws Exception {
        Map<Integer, Long> committed = broker.committed(name + "-alerts");
        for (int partition = 0; partition < PARTITIONS; partition++) {
            if (committed.getOrDefault(partition, 0L) < broker.end(topics.alerts(), partition)) {
                return false;
            }
        }
        return true;
    }

    /** The ledger: all states of each entry, in order. */
    Map<String, List<String>> ledger() throws Exception {
        Map<String, List<String>> states = new LinkedHashMap<>();
        for (Read read : broker.readAll(topics.ledger())) {
            AlertLedgerEntry entry = ((Decoded.Read<AlertLedgerEntry>)
                            serdes.of(AlertLedgerEntry.class).decode(topics.ledger(), null, read.value()))
                    .value();
            String reason = entry.getReason();
            states.computeIfAbsent(read.key(), unused -> new ArrayList<>())
                    .add(entry.getState() + (reason == null ? "" : " " + reason));
        }
        return states;
    }

    Map<String, Integer> partitions(boolean ofLedger) throws Exception {
        Map<String, Integer> partitions = new LinkedHashMap<>();
        broker.readAll(ofLedger ? topics.ledger() : topics.alerts())
                .forEach(
                        read -> partitions.put(ofLedger ? read.key().split("/", -1)[0] : read.key(), read.partition()));
        return partitions;
    }

    List<Read> deadLetters() throws Exception {
        return broker.readAll(topics.deadLetters());
    }

    @Override
    public void close() {
        for (LifeRunner runner : runners) {
            try {
                runner.stop();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        senders.forEach(WebhookSender::close);
        endpoint.close();
        mail.stop();
        producer.close();
        serdes.close();
    }

    private final class Listener implements AlertListener {
        @Override
        public void retried(Channel channel, String reason) {
            heard.add("retried " + channel.code() + " " + reason);
        }

        @Override
        public void settled(Channel channel, AlertOutcome outcome) {
            heard.add("settled " + channel.code() + " " + outcome.getClass().getSimpleName());
        }

        @Override
        public void skipped(Routing.Skip skip) {
            heard.add("skipped " + skip.code());
        }

        @Override
        public void readAgain() {
            heard.add("read again");
        }

        @Override
        public void unreadable(String reason) {
            heard.add("unreadable " + reason);
        }
    }
}
