package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RegistryUnavailableException;
import dev.tally.sink.alerts.Alert;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.AlertRules;
import dev.tally.sink.alerts.Attempt;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Contacts;
import dev.tally.sink.alerts.Recipient;
import dev.tally.sink.alerts.WebhookUrl;
import dev.tally.sink.delivery.Completions;
import dev.tally.sink.delivery.Lanes;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings one alert to its outcome at one address, however many attempts it takes, unless its partition is given up before. */
final class AlertSender {
    private static final Logger log = LoggerFactory.getLogger(AlertSender.class);
    /** A wait is cut into pieces of this length, so that a lane of a lost partition does not linger. */
    private static final Duration LONGEST_NAP = Duration.ofSeconds(5);

    private final AlertSettings settings;
    private final AlertCollaborators with;
    private final Directory directory;
    private final AlertRules rules;
    private final Completions<Completion> completions;
    private final Map<Channel, Semaphore> inFlight = new EnumMap<>(Channel.class);
    private final CountDownLatch never = new CountDownLatch(1);

    /** An alert that came to its outcome, and the partition it belongs to. */
    record Completion(AlertPartition source, SettledAlert settled) {}

    AlertSender(
            AlertSettings settings, AlertCollaborators with, Directory directory, Completions<Completion> completions) {
        this.settings = settings;
        this.with = with;
        this.directory = directory;
        this.rules = new AlertRules(settings.retryRule());
        this.completions = completions;
        for (Channel channel : Channel.values()) {
            inFlight.put(channel, new Semaphore(settings.maxInFlight()));
        }
    }

    int inFlight() {
        return inFlight.values().stream()
                .mapToInt(permits -> settings.maxInFlight() - permits.availablePermits())
                .sum();
    }

    /** Sends the alerts of a lane of a partition, one after the other. */
    Lanes.Lane<Waiting> lane(AlertPartition source) {
        return new Lanes.Lane<>() {
            private int failures;

            @Override
            public void send(Waiting next) throws InterruptedException {
                failures = deliver(source, next, failures);
            }
        };
    }

    /**
     * Delivers, and returns how many attempts in a row have failed at the address.
     *
     * @param failures the same of the alerts before, so that an endpoint that is away is not asked more often the more alerts wait for it
     */
    private int deliver(AlertPartition source, Waiting one, int failures) throws InterruptedException {
        int failed = failures;
        while (source.ownership().isOwned()) {
            switch (step(source, one, failed)) {
                case AlertRules.Step.Done(AlertOutcome.Delivered unused) -> {
                    return 0;
                }
                case AlertRules.Step.Done(AlertOutcome.Dead unused) -> {
                    return failed;
                }
                case AlertRules.Step.Again(Duration delay, String reason) -> {
                    failed = failed == Integer.MAX_VALUE ? failed : failed + 1;
                    nap(source, delay);
                }
            }
        }
        return failed;
    }

    private AlertRules.Step step(AlertPartition source, Waiting one, int failures) throws InterruptedException {
        Recipient to = one.recipient();
        Semaphore permits = permits(to.channel());
        permits.acquire();
        try {
            if (!source.ownership().beginSending()) {
                return new AlertRules.Step.Again(Duration.ZERO, "given_up");
            }
            try {
                Contacts contacts = directory.of(one.subject());
                long catalogue = contacts.catalogueOffset();
                Optional<AlertOutcome.Dead> over = rules.before(
                        contacts.have(to),
                        to.channel() == Channel.WEBHOOK
                                && source.memory().isGone(one.subject(), to.address(), catalogue),
                        one.origin().appendedAt(),
                        with.clock().instant());
                AlertRules.Step step =
                        over.<AlertRules.Step>map(AlertRules.Step.Done::new).orElse(null);
                if (step == null) {
                    step = rules.after(
                            attempt(one),
                            failures + 1,
                            one.origin().appendedAt(),
                            with.clock().instant(),
                            with.random());
                }
                finish(source, one, step, catalogue, failures);
                return step;
            } finally {
                source.ownership().endSending();
            }
        } finally {
            permits.release();
        }
    }

    private Semaphore permits(Channel channel) {
        return java.util.Objects.requireNonNull(inFlight.get(channel));
    }

    private Attempt attempt(Waiting one) throws InterruptedException {
        Alert alert;
        try {
            alert = alert(one);
        } catch (RegistryUnavailableException away) {
            return new Attempt.Failed("registry", "the schema registry does not answer");
        }
        return with.sender(one.recipient().channel())
                .send(alert, one.recipient().address(), with.clock().instant());
    }

    private Alert alert(Waiting one) {
        return switch (with.alerts()
                .decode(settings.topics().alerts(), null, one.origin().value())) {
            case Decoded.Read<QuotaAlert>(QuotaAlert alert) -> AlertRecords.alert(alert);
            case Decoded.Refused<QuotaAlert>(var reason, String detail) ->
                throw new IllegalStateException("an alert that was read once cannot be read: " + reason.code());
        };
    }

    private void finish(AlertPartition source, Waiting one, AlertRules.Step step, long catalogue, int failures) {
        Recipient to = one.recipient();
        switch (step) {
            case AlertRules.Step.Done(AlertOutcome outcome) -> {
                source.memory().failing(to, false);
                if (outcome instanceof AlertOutcome.Dead(String reason, String detail)) {
                    if (reason.equals(AlertRules.GONE)) {
                        source.memory().gone(one.subject(), to.address(), catalogue);
                    }
                    log.atWarn()
                            .addKeyValue("channel", to.channel().code())
                            .addKeyValue("host", host(to))
                            .addKeyValue("alertId", one.alertId())
                            .addKeyValue("reason", reason)
                            .addKeyValue("detail", detail)
                            .log("Alert becomes a dead letter");
                }
                completions.add(new Completion(source, new SettledAlert(one, outcome, catalogue)));
            }
            case AlertRules.Step.Again(Duration delay, String reason) -> {
                source.memory().failing(to, true);
                with.listener().retried(to.channel(), reason);
                log.atWarn()
                        .addKeyValue("channel", to.channel().code())
                        .addKeyValue("host", host(to))
                        .addKeyValue("alertId", one.alertId())
                        .addKeyValue("reason", reason)
                        .addKeyValue("failures", failures + 1)
                        .addKeyValue("delay", delay)
                        .log("Alert was not taken; it is tried again");
            }
        }
    }

    /** What may stand in a log: no path or query of a webhook, no name of a person. */
    private static String host(Recipient to) {
        return switch (to.channel()) {
            case WEBHOOK -> WebhookUrl.host(to.address());
            case MAIL -> to.address().substring(to.address().lastIndexOf('@') + 1);
        };
    }

    private void nap(AlertPartition source, Duration wait) throws InterruptedException {
        Instant end = with.clock().instant().plus(wait);
        for (Duration left = wait;
                left.isPositive() && source.ownership().isOwned();
                left = Duration.between(with.clock().instant(), end)) {
            Duration nap = left.compareTo(LONGEST_NAP) < 0 ? left : LONGEST_NAP;
            var unused = never.await(nap.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
