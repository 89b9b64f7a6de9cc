package dev.tally.streams.app;

import java.util.OptionalInt;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.KafkaStreams;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether each instance of the group has an address of its own. Where two share one, Kafka Streams takes what one of them keeps for
 * all that is at that address, and nobody finds the rest. Nothing of this can be known before an instance has joined: addresses travel
 * between members only.
 */
final class InstanceAddresses {

    private static final Logger log = LoggerFactory.getLogger(InstanceAddresses.class);

    private final IntConsumer figure;
    private int before;

    /** @param figure told after each look how many instances have no address of their own */
    InstanceAddresses(IntConsumer figure) {
        this.figure = figure;
    }

    /** Looks at the group as it is now, and says what it has found twice in a row. A look that fails changes nothing. */
    void look(Admin admin, String applicationId, KafkaStreams streams) {
        OptionalInt found = unaddressed(admin, applicationId, streams);
        if (found.isEmpty()) {
            return;
        }
        int now = found.getAsInt();
        if (now > 0 && now == before) {
            log.atWarn()
                    .addKeyValue("instances", now)
                    .log(
                            "Instances have no address of their own: set application.server to another one on each, or what they keep"
                                    + " cannot be asked for at the others");
        }
        before = now;
        figure.accept(now);
    }

    /** How many instances of the group have no address of their own; empty while the group is changing or cannot be asked about. */
    static OptionalInt unaddressed(Admin admin, String applicationId, KafkaStreams streams) {
        try {
            OptionalInt instances = GroupMembers.instances(admin, applicationId);
            if (instances.isEmpty()) {
                return instances;
            }
            // Who is alone needs no address.
            int addresses = Math.max(1, streams.metadataForAllStreamsClients().size());
            return OptionalInt.of(Math.max(0, instances.getAsInt() - addresses));
        } catch (KafkaException | IllegalStateException notNow) {
            return OptionalInt.empty();
        }
    }
}
