package dev.tally.sink.app;

import com.stripe.StripeClient;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.Meter;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.sink.alerts.Alert;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.Sender;
import dev.tally.sink.alerts.channels.MailSender;
import dev.tally.sink.alerts.channels.WebhookSender;
import dev.tally.sink.alerts.delivery.AlertCollaborators;
import dev.tally.sink.alerts.delivery.AlertDelivery;
import dev.tally.sink.checks.AccountWatch;
import dev.tally.sink.checks.CatalogueMeters;
import dev.tally.sink.checks.ErrorWatch;
import dev.tally.sink.delivery.AsyncErrors;
import dev.tally.sink.delivery.Collaborators;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeliveryRunner;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reconciling.ReconcileWatch;
import dev.tally.sink.reconciling.Reconciler;
import dev.tally.sink.reconciling.SentFacts;
import dev.tally.sink.seats.SeatCrashPoints;
import dev.tally.sink.seats.SeatsCollaborators;
import dev.tally.sink.seats.SeatsRunner;
import dev.tally.sink.stripe.StripeJavaAccount;
import dev.tally.sink.stripe.StripeJavaErrors;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaMeterStream;
import dev.tally.sink.stripe.StripeJavaSubscriptionItems;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeMeterEvents;
import dev.tally.sink.stripe.StripeSubscriptionItems;
import dev.tally.sink.stripe.StripeSums;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running sink: starts its parts in order, waits for the stop, ends them in reverse. */
final class SinkApp {
    private static final Logger log = LoggerFactory.getLogger(SinkApp.class);

    private final SinkSettings settings;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicBoolean failed = new AtomicBoolean();
    private final DeliveryStatus status = new DeliveryStatus();
    private final DeliveryStatus seatsStatus = new DeliveryStatus();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final DeliveryStatus alertStatus = new DeliveryStatus();
    private final HealthServer health;
    private final CountDownLatch listening = new CountDownLatch(1);

    SinkApp(SinkSettings settings) {
        this.settings = settings;
        this.health = new HealthServer(
                status, seatsStatus, settings.alerts().isOn() ? Optional.of(alertStatus) : Optional.empty(), registry);
    }

    /** Asks the sink to end; returns at once. */
    void stop() {
        stop.countDown();
    }

    /** The port of health and metrics; waits until it is open. */
    int port() throws InterruptedException {
        listening.await();
        return health.port();
    }

    /** Runs until {@link #stop}; returns false when the delivery failed for good. */
    boolean run() throws InterruptedException {
        InstantSource clock = CommonSettings.clock(settings.parsed());
        SinkMetrics metrics = new SinkMetrics(registry, status, clock);
        health.start(settings.httpHost(), settings.httpPort());
        listening.countDown();
        try (health) {
            if (new StartUp(settings, status, stop).await()) {
                deliver(metrics, clock);
            }
        }
        return !failed.get();
    }

    private void deliver(SinkMetrics metrics, InstantSource clock) throws InterruptedException {
        try (RecordSerdes serdes = new RecordSerdes(CommonSettings.serde(settings.parsed()))) {
            deliver(serdes, metrics, clock);
        }
    }

    private void deliver(RecordSerdes serdes, SinkMetrics metrics, InstantSource clock) throws InterruptedException {
        StripeClient client = settings.stripe().open();
        // ThreadLocalRandom has to be asked for in the thread that uses it.
        RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        AccountWatch watch = new AccountWatch(
                new StripeJavaAccount(client, clock),
                new CatalogueMeters(
                        new TopicReader(settings.delivery().kafka()),
                        Topics.of(settings.parsed()).meters(),
                        serdes.of(Meter.class)),
                settings.isLive(),
                !CommonSettings.hasTestClock(settings.parsed()),
                AccountWatch.Pauses.STANDARD,
                findings -> {
                    status.found(findings);
                    metrics.found(findings);
                },
                random);
        StripeMeterEvents events = settings.isStreaming()
                ? new StripeJavaMeterStream(client, clock)
                : new StripeJavaMeterEvents(client, clock);
        StripeSums sums = new StripeJavaSums(client, clock);
        ReconcileWatch reconcileWatch = new ReconcileWatch(
                new Reconciler(
                        new SentFacts(
                                new TopicReader(settings.delivery().kafka()),
                                settings.delivery().topics(),
                                serdes.of(BillableFact.class),
                                serdes.of(LedgerEntry.class)),
                        sums,
                        settings.delivery().sumsDelay(),
                        ReconcileWatch.MOST_FACTS,
                        clock),
                settings.reconcileInterval(),
                settings.delivery().sumsDelay(),
                () -> status.snapshot().ownsFirst(),
                metrics::reconciled,
                clock);
        AsyncErrors asyncErrors = new AsyncErrors();
        ErrorWatch errorWatch = new ErrorWatch(
                new StripeJavaErrors(client, clock),
                asyncErrors,
                settings.errorsInterval(),
                settings.delivery().retryRule(),
                reports -> {
                    metrics.reported(reports);
                    reconcileWatch.suspect(reports);
                },
                clock,
                random);
        Collaborators with = new Collaborators(
                events,
                sums,
                watch,
                asyncErrors,
                serdes.of(BillableFact.class),
                serdes.of(LedgerEntry.class),
                metrics,
                status,
                CrashPoints.NONE,
                clock,
                random,
                settings.callsPerSecond());
        watch.start();
        reconcileWatch.start();
        errorWatch.start();
        DeliveryRunner runner = DeliveryRunner.start(settings.delivery(), with, this::gaveUp);
        LifeRunner seats = startSeats(serdes, new StripeJavaSubscriptionItems(client, clock), clock, random);
        try (watch;
                errorWatch;
                reconcileWatch;
                events) {
            log.atInfo()
                    .addKeyValue("group", settings.delivery().group())
                    .addKeyValue("stripe", settings.stripe())
                    .addKeyValue("callsPerSecond", settings.callsPerSecond())
                    .log("Delivering billable facts to Stripe");
            tellOfAlerts(serdes, clock, random);
        } finally {
            runner.stop();
            seats.stop();
        }
    }

    private LifeRunner startSeats(
            RecordSerdes serdes, StripeSubscriptionItems items, InstantSource clock, RandomGenerator random) {
        SeatsCollaborators with = new SeatsCollaborators(
                items,
                serdes.of(SeatChange.class),
                serdes.of(SeatLedgerEntry.class),
                serdes.of(Subscription.class),
                new SeatMetrics(registry, seatsStatus, clock),
                seatsStatus,
                SeatCrashPoints.NONE,
                clock,
                random);
        return SeatsRunner.start(settings.seats(), with, this::gaveUp);
    }

    /** Runs beside the delivery of facts until the stop; a failure of one does not stop the other. */
    private void tellOfAlerts(RecordSerdes serdes, InstantSource clock, RandomGenerator random)
            throws InterruptedException {
        AlertParts parts = settings.alerts();
        if (!parts.isOn()) {
            log.atInfo().log("Nobody is told of alerts: neither alerts.webhook.secrets nor alerts.smtp.host is set");
            Thread.startVirtualThread(() -> AlertDelivery.warnOfUntold(parts.delivery(), serdes));
            stop.await();
            return;
        }
        try (WebhookSender webhooks = new WebhookSender(parts.webhooks())) {
            Sender mail = parts.mail().<Sender>map(MailSender::new).orElse(SinkApp::withoutMail);
            LifeRunner runner = AlertDelivery.start(
                    parts.delivery(),
                    AlertCollaborators.of(
                            webhooks,
                            mail,
                            serdes,
                            new AlertMetrics(registry, alertStatus, clock),
                            alertStatus,
                            CrashPoints.NONE,
                            clock,
                            random),
                    this::gaveUp);
            try {
                log.atInfo()
                        .addKeyValue("group", parts.delivery().group())
                        .addKeyValue("webhooks", parts.delivery().webhooksOn())
                        .addKeyValue("mail", parts.mail().orElse(null))
                        .log("Delivering alerts");
                stop.await();
            } finally {
                runner.stop();
            }
        }
    }

    /** A mail that waited when mail was turned off. */
    private static Attempt withoutMail(Alert alert, String address, Instant now) {
        return new Attempt.Failed("no_smtp_host", "alerts.smtp.host is not set");
    }

    private void gaveUp() {
        failed.set(true);
        stop.countDown();
    }
}
