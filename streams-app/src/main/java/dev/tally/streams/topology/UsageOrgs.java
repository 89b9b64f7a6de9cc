package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.streams.topology.IntakeUsers.User;
import java.util.HashMap;
import java.util.Map;

/** The orgs that actions are summed for: for the actions that come soon. A user acts for the same one most of the time. */
final class UsageOrgs {

    private static final int MOST = 50_000;

    private final UsageSums sums;
    private final Map<String, Org> orgs = new HashMap<>();
    private int generation;

    UsageOrgs(UsageSums sums) {
        this.sums = sums;
    }

    /**
     * An org.
     *
     * @param of whose it is: a task that is suspended and resumed has new ones
     * @param generation of the orgs: in a later one it is another object, and this one must not be added to any more, or actions would be
     *     sent out of order
     * @param entry its sums
     */
    record Org(UsageOrgs of, int generation, String id, UsageSums.Entry entry) {}

    /** The sums of the org that a user acts for. */
    UsageSums.Entry sums(User user, String orgId) {
        Org recent = user.recentOrg();
        if (recent == null
                || recent.of() != this
                || recent.generation() != generation
                || !recent.id().equals(orgId)) {
            recent = org(orgId);
            user.recentOrg(recent);
        }
        return recent.entry();
    }

    private Org org(String id) {
        Org org = orgs.get(id);
        if (org == null) {
            if (orgs.size() >= MOST) {
                orgs.clear();
                generation++;
            }
            org = new Org(this, generation, id, sums.entry(Subject.org(id)));
            orgs.put(id, org);
        }
        return org;
    }
}
