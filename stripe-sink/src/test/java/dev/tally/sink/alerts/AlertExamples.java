package dev.tally.sink.alerts;

import java.time.Instant;

/** Alerts to test with. */
public final class AlertExamples {
    static final Instant DAY = Instant.parse("2026-11-21T00:00:00Z");

    private AlertExamples() {}

    public static Alert alert() {
        return alert("a-1", Alert.Kind.WARNING, "org:acme", "actions", false);
    }

    static Alert alert(String id, Alert.Kind kind, String subject, String meter, boolean late) {
        return new Alert(
                id,
                kind,
                "WARNING",
                subject,
                "ORG",
                "acme",
                meter,
                DAY,
                DAY.plusSeconds(86_400),
                80,
                0,
                500L,
                401,
                DAY.plusSeconds(86_400),
                null,
                "e-401",
                late,
                DAY.plusMillis(45_296_789));
    }
}
