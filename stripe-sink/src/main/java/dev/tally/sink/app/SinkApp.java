package dev.tally.sink.app;

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
import dev.tally.sink.reconciling.Confirmations;
import dev.tally.sink.reconciling.ReconcileWatch;
import dev.tally.sink.reconciling.Reconciler;
import dev.tally.sink.reconciling.SentFacts;
import dev.tally.sink.seats.SeatsCollaborators;
import dev.tally.sink.seats.SeatsRunner;
import dev.tally.sink.stripe.StripeCalls;
import dev.tally.sink.stripe.StripeSubscriptionItems;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
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
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final HealthServer health;
    private final CountDownLatch listening = new CountDownLatch(1);

    SinkApp(SinkSettings settings) {
        this.settings = settings;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        gc.bindTo(registry);
        this.health = new HealthServer(
                status, seatsStatus, settings.alerts().isOn() ? Optional.of(alertStatus) : Optional.empty(), registry);
        Gauge.builder(SinkMetrics.READY, health, server -> server.works() ? 1 : 0)
                .register(registry);
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
        try (gc;
                health) {
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
        StripeCalls stripe = StripeCalls.open(settings.stripe(), settings.isStreaming(), clock);
        // ThreadLocalRandom has to be asked for in the thread that uses it.
        RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        RunningParts.run(
                List.of(
                        running -> startDelivery(running, stripe, serdes, metrics, clock, random),
                        running -> startSeats(running, stripe.items(), serdes, clock, random),
                        running -> startAlerts(running, serdes, clock, random)),
                stop);
    }

    private void startDelivery(
            RunningParts running,
            StripeCalls stripe,
            RecordSerdes serdes,
            SinkMetrics metrics,
            InstantSource clock,
            RandomGenerator random) {
        running.add(stripe.events()::close);
        AccountWatch watch = new AccountWatch(
                stripe.account(),
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
        Confirmations confirmations = new Confirmations(
                settings.delivery().kafka(),
                settings.delivery().topics().requests(),
                serdes.of(LedgerEntry.class),
                clock);
        ReconcileWatch reconcileWatch = new ReconcileWatch(
                new Reconciler(
                        new SentFacts(
                                new TopicReader(settings.delivery().kafka()),
                                settings.delivery().topics(),
                                serdes.of(BillableFact.class),
                                serdes.of(LedgerEntry.class)),
                        stripe.sums(),
                        settings.delivery().sumsDelay(),
                        ReconcileWatch.MOST_FACTS,
                        clock),
                settings.reconcileInterval(),
                settings.delivery().sumsDelay(),
                () -> status.snapshot().ownsFirst(),
                result -> {
                    metrics.reconciled(result);
                    confirmations.request(result);
                },
                clock);
        AsyncErrors asyncErrors = new AsyncErrors();
        ErrorWatch errorWatch = new ErrorWatch(
                stripe.errors(),
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
                stripe.events(),
                stripe.sums(),
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
        running.add(watch::close);
        reconcileWatch.start();
        running.add(reconcileWatch::close);
        errorWatch.start();
        running.add(errorWatch::close);
        running.add(DeliveryRunner.start(settings.delivery(), with, this::gaveUp)::stop);
        log.atInfo()
                .addKeyValue("group", settings.delivery().group())
                .addKeyValue("stripe", settings.stripe())
                .addKeyValue("callsPerSecond", settings.callsPerSecond())
                .log("Delivering billable facts to Stripe");
    }

    private void startSeats(
            RunningParts running,
            StripeSubscriptionItems items,
            RecordSerdes serdes,
            InstantSource clock,
            RandomGenerator random) {
        SeatsCollaborators with = new SeatsCollaborators(
                items,
                serdes.of(SeatChange.class),
                serdes.of(SeatLedgerEntry.class),
                serdes.of(Subscription.class),
                new SeatMetrics(registry, seatsStatus, clock),
                seatsStatus,
                CrashPoints.NONE,
                clock,
                random);
        running.add(SeatsRunner.start(settings.seats(), with, this::gaveUp)::stop);
    }

    /** Runs beside the delivery of facts; a failure of one does not stop the other. */
    private void startAlerts(RunningParts running, RecordSerdes serdes, InstantSource clock, RandomGenerator random) {
        AlertParts alerts = settings.alerts();
        if (!alerts.isOn()) {
            log.atInfo().log("Nobody is told of alerts: neither alerts.webhook.secrets nor alerts.smtp.host is set");
            Thread.startVirtualThread(() -> AlertDelivery.warnOfUntold(alerts.delivery(), serdes));
            return;
        }
        WebhookSender webhooks = new WebhookSender(alerts.webhooks());
        running.add(webhooks::close);
        Sender mail = alerts.mail().<Sender>map(MailSender::new).orElse(SinkApp::withoutMail);
        AlertCollaborators with = AlertCollaborators.of(
                webhooks,
                mail,
                serdes,
                new AlertMetrics(registry, alertStatus, clock),
                alertStatus,
                CrashPoints.NONE,
                clock,
                random);
        running.add(AlertDelivery.start(alerts.delivery(), with, this::gaveUp)::stop);
        log.atInfo()
                .addKeyValue("group", alerts.delivery().group())
                .addKeyValue("webhooks", alerts.delivery().webhooksOn())
                .addKeyValue("mail", alerts.mail().orElse(null))
                .log("Delivering alerts");
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
