package dev.tally.streams.state;

import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import java.nio.charset.StandardCharsets;

/** Where subjects are kept: the keys and partitions that whoever writes, routes and reads goes by. */
public final class Homes {

    private Homes() {}

    /** The partition of {@code actions} where a user is counted, whatever key and partitioner a producer used. */
    public static int ofUser(String userId, int actionsPartitions) {
        return Partitions.ofKey(userId.getBytes(StandardCharsets.UTF_8), actionsPartitions);
    }

    /** Key of a subject in {@code subject-log}; Kafka's producers find the partition by it. */
    public static byte[] accountKey(Subject subject) {
        return subject.text().getBytes(StandardCharsets.UTF_8);
    }

    /** The partition of {@code subject-log} where a subject's account is. */
    public static int ofAccount(Subject subject, int subjectPartitions) {
        return Partitions.ofKey(accountKey(subject), subjectPartitions);
    }
}
