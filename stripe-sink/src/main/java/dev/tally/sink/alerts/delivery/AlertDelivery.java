package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.Membership;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.delivery.KafkaClients;
import dev.tally.sink.delivery.LifeRunner;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delivery of quota alerts to webhooks and by mail, in a thread of its own. */
public final class AlertDelivery {

    private static final Logger log = LoggerFactory.getLogger(AlertDelivery.class);

    private AlertDelivery() {}

    /** Says so where the catalogue names webhooks and nobody is told of alerts; for installations that deliver none. */
    public static void warnOfUntold(AlertSettings settings, RecordSerdes serdes) {
        KafkaClients clients = new KafkaClients(
                settings.kafka(), settings.group(), settings.transactionalId(), settings.groupInstanceId());
        try (Directory directory = new Directory(
                clients.readingConsumer(),
                settings.topics(),
                serdes.of(Subscription.class),
                serdes.of(Membership.class))) {
            directory.load(() -> false);
            if (directory.withWebhooks() > 0) {
                log.atWarn()
                        .addKeyValue("subscriptions", directory.withWebhooks())
                        .log("Webhooks are configured but alerts.webhook.secrets is not set: they are not called");
            }
        } catch (KafkaException unknown) {
            log.atDebug().setCause(unknown).log("Whether webhooks are configured is not known");
        }
    }

    /** Starts to deliver; {@code gaveUp} is called there when it failed too often in a row. */
    public static LifeRunner start(AlertSettings settings, AlertCollaborators with, Runnable gaveUp) {
        return LifeRunner.start(
                "alerts", () -> new AlertLoop(settings, with), with.clock(), with.status()::notReady, gaveUp);
    }
}
