package dev.tally.cli.audit;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.QuotaAlert;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which causes of alerts are actions of the log: told of the alerts first, and then of each action. */
public final class Causes {

    private final Map<String, Set<Wanted>> wanted = new HashMap<>();
    private final Set<Wanted> found = new HashSet<>();

    private record Wanted(String subject, String eventId, long start, long end) {

        static Wanted of(QuotaAlert alert) {
            return new Wanted(
                    alert.getSubject(),
                    alert.getCause(),
                    alert.getWindowStart().toEpochMilli(),
                    alert.getWindowEnd().toEpochMilli());
        }
    }

    /** An alert that is to be looked at. */
    public void expect(QuotaAlert alert) {
        wanted.computeIfAbsent(alert.getCause(), cause -> new HashSet<>(1)).add(Wanted.of(alert));
    }

    /** An action that counts. */
    void action(ActionEvent action) {
        Set<Wanted> of = wanted.get(action.getEventId());
        if (of == null) {
            return;
        }
        long at = action.getOccurredAt().toEpochMilli();
        for (Wanted one : of) {
            boolean its = one.subject().equals(Subject.user(action.getUserId()).text())
                    || (action.getOrgId() != null
                            && one.subject()
                                    .equals(Subject.org(action.getOrgId()).text()));
            if (its && at >= one.start() && at < one.end()) {
                found.add(one);
            }
        }
    }

    /** Whether an alert that was expected names an action that its subject has not got in its window. */
    boolean isUnknown(QuotaAlert alert) {
        Wanted one = Wanted.of(alert);
        return wanted.getOrDefault(alert.getCause(), Set.of()).contains(one) && !found.contains(one);
    }
}
