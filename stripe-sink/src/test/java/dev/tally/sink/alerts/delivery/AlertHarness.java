package dev.tally.sink.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.alerts.WebhookSecrets;
import dev.tally.sink.alerts.channels.MailSender;
import dev.tally.sink.alerts.channels.MailSettings;
import dev.tally.sink.alerts.channels.WebhookSender;
import dev.tally.sink.alerts.channels.WebhookSettings;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.testing.LoopHarness;
import dev.tally.sink.testing.MailServer;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.TestKafka;
import dev.tally.sink.testing.WebhookEndpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The alerts of one test, an endpoint and a mail server, and alert deliveries that work on them. */
final class AlertHarness extends LoopHarness {
    private static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");

    private final AlertTopics topics = new AlertTopics(
            named("quota-alerts"),
            named("alert-ledger"),
            named("alert-dead-letters"),
            named("subscriptions"),
            named("memberships"));
    private final WebhookEndpoint endpoint = WebhookEndpoint.start();
    private final MailServer mail = new MailServer();
    private final List<WebhookSender> senders = new ArrayList<>();
    private int maxWaiting = 1_000;
    private boolean mailOn = true;

    AlertHarness(TestKafka kafka) throws Exception {
        super(kafka, Instant.now());
        broker().createTopics(PARTITIONS, topics.all().toArray(new String[0]));
        mail.start();
    }

    WebhookEndpoint endpoint() {
        return endpoint;
    }

    MailServer mail() {
        return mail;
    }

    void maxWaiting(int most) {
        maxWaiting = most;
    }

    void mailOff() {
        mailOn = false;
    }

    LifeRunner start() {
        WebhookSender webhooks = new WebhookSender(new WebhookSettings(
                WebhookSecrets.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), true, true, Duration.ofSeconds(5)));
        senders.add(webhooks);
        AlertSettings settings = new AlertSettings(
                kafka(),
                topics,
                named("alerts"),
                named("alerts-" + (started() + 1)),
                Optional.empty(),
                true,
                mailOn,
                new RetryRule(Duration.ofMillis(20), Duration.ofMillis(100)),
                maxWaiting,
                100_000,
                16,
                Duration.ofSeconds(5));
        AlertCollaborators with = AlertCollaborators.of(
                webhooks,
                new MailSender(new MailSettings(
                        "127.0.0.1",
                        mail.port(),
                        MailSettings.Tls.NONE,
                        "",
                        "",
                        "alerts@tally.example",
                        Duration.ofSeconds(5))),
                serdes(),
                new Listener(),
                new DeliveryStatus(),
                this::reached,
                clock(),
                new Random(started() + 1L));
        return live("alerts", () -> new AlertLoop(settings, with));
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

    void publishAlertBytes(String subject, byte[] value) throws Exception {
        publishBytes(topics.alerts(), subject, value);
    }

    /** Waits until all alerts are taken in, and for as many outcomes in the ledger. */
    void awaitOutcomes(int count) {
        await(() -> {
            assertCommitted(named("alerts"), topics.alerts());
            assertThat(ledger().values().stream()
                            .filter(states -> !states.getLast().equals("PENDING")))
                    .hasSize(count);
        });
    }

    /** The ledger: all states of each entry, in order. */
    Map<String, List<String>> ledger() throws Exception {
        return byKey(topics.ledger(), this::state);
    }

    private String state(Read read) {
        AlertLedgerEntry entry = ((Decoded.Read<AlertLedgerEntry>)
                        serdes().of(AlertLedgerEntry.class).decode(topics.ledger(), null, read.value()))
                .value();
        String reason = entry.getReason();
        return entry.getState() + (reason == null ? "" : " " + reason);
    }

    /** Partition of each subject's alerts. */
    Map<String, Integer> alertPartitions() throws Exception {
        return partitions(topics.alerts());
    }

    /** Partition of each entry. */
    Map<String, Integer> ledgerPartitions() throws Exception {
        return partitions(topics.ledger());
    }

    List<Read> deadLetters() throws Exception {
        return broker().readAll(topics.deadLetters());
    }

    @Override
    public void close() {
        super.close();
        senders.forEach(WebhookSender::close);
        endpoint.close();
        mail.close();
    }

    private final class Listener implements AlertListener {
        @Override
        public void retried(Channel channel, String reason) {
            heard().add("retried " + channel.code() + " " + reason);
        }

        @Override
        public void settled(Channel channel, AlertOutcome outcome) {
            heard().add("settled " + channel.code() + " " + outcome.getClass().getSimpleName());
        }

        @Override
        public void skipped(Routing.Skip skip) {
            heard().add("skipped " + skip.code());
        }

        @Override
        public void readAgain() {
            heard().add("read again");
        }

        @Override
        public void unreadable(String reason) {
            heard().add("unreadable " + reason);
        }
    }
}
