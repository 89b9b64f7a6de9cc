package dev.tally.streams.app;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;

/** The members of an application's group. One that died is a member until its session time-out. */
final class GroupMembers {

    /** What Kafka Streams appends to the name of an instance for each of its members. */
    private static final Pattern OF_THREAD = Pattern.compile("-StreamThread-\\d+-consumer$");

    private GroupMembers() {}

    /**
     * How many there are; none where there is no such group.
     *
     * @throws KafkaException when the brokers cannot be asked
     */
    static int count(Admin admin, String applicationId) {
        return describe(admin, applicationId)
                .map(group -> group.members().size())
                .orElse(0);
    }

    /**
     * How many instances the members belong to; empty while members come and go.
     *
     * @throws KafkaException when the brokers cannot be asked
     */
    static OptionalInt instances(Admin admin, String applicationId) {
        return describe(admin, applicationId)
                .filter(group -> group.groupState() == GroupState.STABLE)
                .map(group -> OptionalInt.of(group.members().stream()
                        // Two may have the same name where kafka.client.id is set.
                        .map(member -> member.host()
                                + OF_THREAD.matcher(member.clientId()).replaceFirst(""))
                        .collect(Collectors.toSet())
                        .size()))
                .orElse(OptionalInt.empty());
    }

    private static Optional<ConsumerGroupDescription> describe(Admin admin, String applicationId) {
        try {
            return Optional.ofNullable(admin.describeConsumerGroups(List.of(applicationId))
                    .all()
                    .get()
                    .get(applicationId));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return Optional.empty();
            }
            throw new KafkaException("the application's group cannot be described", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
