package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.schemas.QuotaAlert;
import dev.tally.streams.alerts.AlertHistory;
import dev.tally.streams.alerts.AlertPage;
import dev.tally.streams.query.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Alerts that a test puts here, whoever asks. */
final class AlertsInMemory implements AlertHistory {

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile CountDownLatch hold = new CountDownLatch(0);
    private List<QuotaAlert> alerts = List.of();
    private boolean more;
    private boolean busy;

    void raised(boolean andMore, QuotaAlert... newestFirst) {
        alerts = List.of(newestFirst);
        more = andMore;
    }

    /** From now on there is no room for a question. */
    void beBusy() {
        busy = true;
    }

    /** From now on a question for a user "slow" is answered once this has come to zero. */
    void holdSlowOnes(CountDownLatch until) {
        hold = until;
    }

    /** The questions so far. */
    List<String> asked() {
        return asked;
    }

    @Override
    public Answer<AlertPage> alerts(Subject subject, Instant since, int limit) {
        asked.add(subject.text() + " " + since + " " + limit);
        if (subject.equals(Subject.user("slow"))) {
            awaitRelease();
        }
        return busy
                ? new Answer.NotReady<>("the log is being read", Duration.ofSeconds(2))
                : new Answer.Found<>(new AlertPage(subject, since, alerts, more), false);
    }

    private void awaitRelease() {
        try {
            hold.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
