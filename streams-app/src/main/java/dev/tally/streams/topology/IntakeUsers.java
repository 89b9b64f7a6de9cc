package dev.tally.streams.topology;

import dev.tally.keys.Ids;
import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WriteBackStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;

/** What is worked out once for a user and needed for each action: for the actions that come soon. */
final class IntakeUsers {

    private static final int MOST = 50_000;

    private final Map<String, User> users = new HashMap<>();
    private final int partitions;

    /** The users of a task. */
    static IntakeUsers of(WriteBackStore store, int partitions) {
        return store.companion(IntakeUsers.class, () -> new IntakeUsers(partitions));
    }

    private IntakeUsers(int partitions) {
        this.partitions = partitions;
    }

    /** A user whose id is sound. */
    static final class User {
        private final Subject subject;
        private final int home;
        private Instant day = Instant.MIN;
        private Bytes dayKey = Bytes.wrap(new byte[0]);

        private User(String id, int partitions) {
            subject = Subject.user(id);
            home = Partitions.ofKey(id.getBytes(StandardCharsets.UTF_8), partitions);
        }

        Subject subject() {
            return subject;
        }

        /** The partition of {@code actions} where the user is counted. */
        int home() {
            return home;
        }

        /** Key of the day window that an instant lies in. */
        Bytes dayKey(Instant at) {
            Instant start = BillingCalendar.day(at).start();
            if (!start.equals(day)) {
                day = start;
                dayKey = WindowKeys.userDay(subject.id(), start);
            }
            return dayKey;
        }
    }

    /** Whether an id breaks the rules, so that there is no such user. */
    boolean isUnsound(String userId) {
        return !users.containsKey(userId) && Ids.problem(userId).isPresent();
    }

    /** The user of an id that is sound. */
    User user(String userId) {
        User user = users.get(userId);
        if (user == null) {
            if (users.size() >= MOST) {
                users.clear();
            }
            user = new User(userId, partitions);
            users.put(userId, user);
        }
        return user;
    }
}
