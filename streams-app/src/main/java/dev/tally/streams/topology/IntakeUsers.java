package dev.tally.streams.topology;

import dev.tally.keys.Ids;
import dev.tally.keys.Subject;
import dev.tally.streams.state.Homes;
import dev.tally.streams.state.WriteBackStore;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

    /** A user whose id is sound, with what the intake's parts keep for it. */
    static final class User {
        private final Subject subject;
        private final int home;
        private UsageSums.@Nullable Entry sums;
        private UserDays.@Nullable Recent recentDay;
        private UsageOrgs.@Nullable Org recentOrg;

        private User(String id, int partitions) {
            subject = Subject.user(id);
            home = Homes.ofUser(id, partitions);
        }

        String id() {
            return subject.id();
        }

        /** The partition of {@code actions} where the user is counted. */
        int home() {
            return home;
        }

        /** The user's entry in the sums of its home. */
        UsageSums.Entry sums(UsageSums all) {
            UsageSums.Entry entry = sums;
            // A task that is suspended and resumed has new sums, but keeps its stores and these users.
            if (entry == null || !entry.isOf(all)) {
                entry = all.entry(subject);
                sums = entry;
            }
            return entry;
        }

        /** The org of the user's latest action that had one. */
        UsageOrgs.@Nullable Org recentOrg() {
            return recentOrg;
        }

        void recentOrg(UsageOrgs.Org org) {
            recentOrg = org;
        }

        UserDays.@Nullable Recent recentDay() {
            return recentDay;
        }

        void recentDay(UserDays.Recent day) {
            recentDay = day;
        }
    }

    /** The user of an id; null where the id breaks the rules, so that there is no such user. */
    @Nullable
    User find(String userId) {
        User user = users.get(userId);
        if (user == null && Ids.problem(userId).isEmpty()) {
            if (users.size() >= MOST) {
                users.clear();
            }
            user = new User(userId, partitions);
            users.put(userId, user);
        }
        return user;
    }
}
