package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.QuotaAlert;
import dev.tally.sink.alerts.Alert;

/** Alerts as the rules see them. */
final class AlertRecords {

    private AlertRecords() {}

    static Alert alert(QuotaAlert record) {
        return new Alert(
                record.getAlertId(),
                Alert.Kind.valueOf(record.getKind().name()),
                record.getSeverity().name(),
                record.getSubject(),
                record.getScope().name(),
                record.getScopeId(),
                record.getMeter(),
                record.getWindowStart(),
                record.getWindowEnd(),
                record.getThreshold(),
                record.getEpoch(),
                record.getLimit(),
                record.getUsed(),
                record.getResetsAt(),
                record.getPlanId(),
                record.getCause(),
                record.getLate(),
                record.getAt());
    }
}
