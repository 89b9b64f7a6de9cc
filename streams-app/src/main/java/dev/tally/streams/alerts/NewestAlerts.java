package dev.tally.streams.alerts;

import dev.tally.schemas.QuotaAlert;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * The last few of the alerts that come. After a reset alerts come again under the ids that they had: what came last of an id is the one that
 * counts, so that what has been dropped here need not be remembered.
 */
final class NewestAlerts {

    private final int most;
    private final LinkedHashMap<String, QuotaAlert> alerts = new LinkedHashMap<>();
    private boolean more;

    /** @param most how many are kept, 1 or more */
    NewestAlerts(int most) {
        this.most = most;
    }

    void add(QuotaAlert alert) {
        alerts.remove(alert.getAlertId());
        alerts.put(alert.getAlertId(), alert);
        if (alerts.size() > most) {
            alerts.pollFirstEntry();
            more = true;
        }
    }

    List<QuotaAlert> newestFirst() {
        return new ArrayList<>(alerts.sequencedValues().reversed());
    }

    /** Whether there were others. */
    boolean isMore() {
        return more;
    }
}
